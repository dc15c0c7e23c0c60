package import Checkpoints
import Foundation
package import Imaging
package import Models
package import Tensors

/// The safety checker that a checkpoint ships, asked about finished pictures. The network is built
/// when it is asked, so that its weights take no memory beside the UNet's work.
package struct SafetyCheck {
    private let source: any ModelSource
    private let configuration: SafetyChecker.Configuration
    private let processor: CLIPImageProcessor

    /// Nil where the checkpoint ships none.
    /// - Throws: `CheckpointError` and `ModelError` for one that cannot be used.
    package init?(_ source: any ModelSource) throws {
        guard source.contains("safety_checker") else { return nil }
        self.source = source
        configuration = try SafetyChecker.Configuration(
            json: source.configuration("safety_checker"))
        _ = try source.weights("safety_checker")
        processor = CLIPImageProcessor(size: configuration.imageSize)
    }

    /// How near the picture is to what the checker refuses.
    package func callAsFunction(_ image: Image) throws -> SafetyChecker.Scores {
        let checker = try SafetyChecker(
            source.weights("safety_checker"), configuration: configuration)
        return checker(processor(image))
    }

    /// - Throws: `EditingError.refused` for a picture that the checker refuses, `.notFinite` where it does
    ///   not say.
    func require(_ image: Image, by model: String) throws {
        let scores = try callAsFunction(image)
        guard (scores.special + scores.concepts).allSatisfy(\.isFinite) else {
            throw EditingError.notFinite(stage: "safety checker")
        }
        guard scores.isRefused else { return }
        throw EditingError.refused(model: model)
    }
}

/// What CLIP's image encoders are shown of a picture: its shorter side resized to `size` (bicubic, as
/// Pillow does), the middle of it, each channel with CLIP's mean and deviation taken out
/// (transformers' `CLIPImageProcessor`).
package struct CLIPImageProcessor {
    let size: Int
    private static let mean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    private static let deviation: [Float] = [0.26862954, 0.26130258, 0.27577711]

    /// - Parameter size: pixels a side of what the encoder sees.
    package init(size: Int) {
        self.size = size
    }

    /// [1, size, size, 3].
    package func callAsFunction(_ image: Image) -> Tensor {
        let middle = middle(of: image)
        return Tensor(
            middle.samples.enumerated().map { index, sample in
                (Float(sample) * (1 / 255) - Self.mean[index % 3]) / Self.deviation[index % 3]
            }, shape: [1, size, size, 3])
    }

    private func middle(of image: Image) -> Image {
        let rgb = image.inSRGB.rgb8
        let (short, long) = (min(rgb.width, rgb.height), max(rgb.width, rgb.height))
        let longer = Int(Double(size * long) / Double(short))
        let (width, height) = rgb.width <= rgb.height ? (size, longer) : (longer, size)
        // Of a long strip the rest would be far larger than the picture.
        let part = Box(x: (width - size) / 2, y: (height - size) / 2, width: size, height: size)
        return rgb.resized(width: width, height: height, filter: .bicubic, part: part)
    }
}
