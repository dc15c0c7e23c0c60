import Foundation
public import Tensors

/// Keeps latents to a picture as ComfyUI does: what is known is noised to the level before each
/// evaluation and put back clean behind it; greys of the mask weigh both.
public struct NoisedMasked<Model: Denoiser>: Denoiser {
    private let model: Model
    private let known: KnownRegion

    /// The denoiser held to known latents.
    public init(_ model: Model, _ known: KnownRegion) {
        (self.model, self.known) = (model, known)
    }

    /// The blended estimate.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let noised = known.clean.adding(known.noise, scaledBy: level.sigma)
        return known.held(try model(x * known.mask + noised * known.keep, at: level))
    }
}

/// What A1111's soft inpainting does to the estimate: it is blended with the picture by a mask that
/// hardens as the noise falls, m^(σ^bias · preservation), and its vectors keep their length.
public struct SoftMasked<Model: Denoiser>: Denoiser {
    private let model: Model
    private let clean: Tensor
    private let mask: [Float]
    private let settings: SoftBlend

    /// - Parameters:
    ///   - clean: the known latents, [1,H,W,C].
    ///   - mask: 1 where the model paints, 0 where latents stay, between in part; [1,H,W,1].
    public init(_ model: Model, clean: Tensor, mask: Tensor, _ settings: SoftBlend) {
        self.model = model
        self.clean = clean
        self.mask = mask.values
        self.settings = settings
    }

    /// The blended estimate.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let estimate = try model(x, at: level)
        let power = pow(Double(level.sigma), settings.bias) * settings.preservation
        let channels = clean.shape[clean.shape.count - 1]
        return clean.withUnsafeBufferPointer { known in
            estimate.withUnsafeBufferPointer { painted in
                Tensor(shape: estimate.shape) { result in
                    for (place, value) in mask.enumerated() {
                        let share = pow(Double(value), power)
                        settings.blend(
                            known, painted, result, from: place * channels, channels, share)
                    }
                }
            }
        }
    }
}

/// How estimates are blended with a picture in soft inpainting; defaults are A1111's.
public struct SoftBlend: Sendable, Equatable {
    /// "Schedule bias": above 1 the picture is kept early rather than late.
    public var bias = 1.0
    /// "Preservation strength": how strongly greys are kept.
    public var preservation = 0.5
    /// "Transition contrast boost": how far blended vectors keep the length of the longer one; 1 or
    /// more.
    public var contrast = 4.0

    /// A1111's defaults.
    public init() {}

    /// One vector: the mean of both by `share`, stretched to
    /// (‖a‖^d · (1 − t) + ‖b‖^d · t)^(1/d).
    fileprivate func blend(
        _ known: UnsafeBufferPointer<Float>, _ painted: UnsafeBufferPointer<Float>,
        _ result: UnsafeMutableBufferPointer<Float>, from start: Int, _ channels: Int,
        _ share: Double
    ) {
        var lengths = (known: 0.0, painted: 0.0, blended: 0.0)
        for i in start..<start + channels {
            let (a, b) = (Double(known[i]), Double(painted[i]))
            let mean = a * (1 - share) + b * share
            result[i] = Float(mean)
            lengths.known += a * a
            lengths.painted += b * b
            lengths.blended += mean * mean
        }
        let wanted = pow(
            pow(lengths.known.squareRoot(), contrast) * (1 - share)
                + pow(lengths.painted.squareRoot(), contrast) * share, 1 / contrast)
        let scale = Float(wanted / (lengths.blended.squareRoot() + 1e-5))
        for i in start..<start + channels { result[i] *= scale }
    }
}
