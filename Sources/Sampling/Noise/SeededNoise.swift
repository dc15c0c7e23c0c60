import Foundation
public import Tensors

/// What the noise of a picture grows from, as A1111 sets it.
public struct NoiseSettings: Sendable, Equatable {
    /// What draws the numbers.
    public var generator = RandomGenerator.torch
    /// The seed of a second noise that is blended in.
    public var variationSeed: UInt64 = 0
    /// The second noise's share, 0...1; at 0 there is none.
    public var variationStrength = 0.0
    /// Height and width in latents of the picture whose composition is to be kept; nil is the size of
    /// the picture itself.
    public var resizedFrom: NoiseSize?
    /// Added to the seed for all noise after the first, A1111's "eta noise seed delta"; 0 goes on with
    /// the same numbers.
    public var seedDelta: UInt64 = 0

    /// torch's numbers, and nothing else.
    public init() {}
}

/// Height and width in latents.
public struct NoiseSize: Sendable, Equatable {
    /// Rows of latents.
    public var height: Int
    /// Columns of latents.
    public var width: Int

    /// A size.
    public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
}

/// The noise of one picture: that of the start, then that of each step, as A1111's `ImageRNG` draws it.
public struct SeededNoise: Sendable {
    private let seed: UInt64
    private let settings: NoiseSettings
    /// Channels, height, width.
    private let shape: [Int]
    private var source: any RandomSource

    /// - Parameter shape: that of the latents of one picture: channels, height, width.
    public init(seed: UInt64, _ settings: NoiseSettings = NoiseSettings(), shape: [Int]) {
        (self.seed, self.settings, self.shape) = (seed, settings, shape)
        source = settings.generator.source(seed: seed)
    }

    /// The noise of the start, in `shape`.
    ///
    /// A second noise is blended in along the arc between both; noise of another size is placed in the
    /// middle of that of the picture's size.
    public mutating func first() -> Tensor {
        let size = settings.resizedFrom
        let drawn = size.map { [shape[0], $0.height, $0.width] } ?? shape
        let isResized = drawn != shape
        var noise = isResized ? fresh(seed, drawn) : source.normal(shape)
        if settings.variationStrength > 0 {
            noise = noise.turned(
                towards: fresh(settings.variationSeed, drawn),
                by: Float(settings.variationStrength))
        }
        if isResized { noise = source.normal(shape).covered(by: noise) }
        if settings.seedDelta != 0 {
            source = settings.generator.source(seed: seed &+ settings.seedDelta)
        }
        return noise
    }

    /// The noise of the next step, in `shape`.
    public mutating func next() -> Tensor { source.normal(shape) }

    private func fresh(_ seed: UInt64, _ shape: [Int]) -> Tensor {
        var source = settings.generator.source(seed: seed)
        return source.normal(shape)
    }
}

extension Tensor {
    /// Along the arc from these numbers to others (spherical interpolation, Shoemake 1985), each channel
    /// and column [C,·,W] an arc of its own over the height, as A1111 has it.
    ///
    /// Where the two are all but parallel A1111 takes a straight mean, with the weights the other way
    /// round.
    fileprivate func turned(towards other: Tensor, by share: Float) -> Tensor {
        let (channels, height, width) = (shape[0], shape[1], shape[2])
        let (low, high) = (values, other.values)
        func column(_ c: Int, _ x: Int) -> [Int] {
            (0..<height).map { (c * height + $0) * width + x }
        }
        let columns = (0..<channels).flatMap { c in (0..<width).map { column(c, $0) } }
        let cosines = columns.map { places -> Float in
            func length(_ values: [Float]) -> Float {
                places.reduce(0) { $0 + values[$1] * values[$1] }.squareRoot()
            }
            let lengths = (length(low), length(high))
            return places.reduce(0) { $0 + low[$1] / lengths.0 * (high[$1] / lengths.1) }
        }
        let mean = cosines.reduce(0, +) / Float(max(cosines.count, 1))
        guard mean <= 0.9995 else { return self * share + other * (1 - share) }
        var turned = low
        for (places, cosine) in zip(columns, cosines) {
            let angle = acos(cosine)
            // Where both lie on one line, as all columns of one number do, there is no arc.
            let isArc = sin(angle) > 0
            let near = isArc ? sin((1 - share) * angle) / sin(angle) : 1 - share
            let far = isArc ? sin(share * angle) / sin(angle) : share
            for place in places { turned[place] = near * low[place] + far * high[place] }
        }
        return Tensor(turned, shape: shape)
    }

    /// These numbers with others laid over their middle; what is larger is cut off at its edges.
    fileprivate func covered(by other: Tensor) -> Tensor {
        /// Where a side begins here and there, and its length.
        func overlap(_ own: Int, _ its: Int) -> (own: Int, its: Int, length: Int) {
            // A1111 halves downwards, below zero too.
            let margin = Int((Double(own - its) / 2).rounded(.down))
            return (max(margin, 0), max(-margin, 0), margin >= 0 ? its : its + 2 * margin)
        }
        let rows = overlap(shape[1], other.shape[1])
        let columns = overlap(shape[2], other.shape[2])
        var covered = values
        let laid = other.values
        for c in 0..<shape[0] {
            for y in 0..<rows.length {
                for x in 0..<columns.length {
                    let place = (c * shape[1] + rows.own + y) * shape[2] + columns.own + x
                    let its = (c * other.shape[1] + rows.its + y) * other.shape[2]
                    covered[place] = laid[its + columns.its + x]
                }
            }
        }
        return Tensor(covered, shape: shape)
    }
}
