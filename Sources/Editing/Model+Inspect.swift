import Checkpoints
public import Foundation
import Models
import Sampling

private let english = Locale(identifier: "en_US_POSIX")

extension Model {
    /// What a checkpoint is and holds, in lines for people: family, scheduler, and for each network
    /// the number and type of its parameters. Nothing is loaded but configurations and headers.
    ///
    /// - Throws: `CheckpointError`, `ModelError` and `EditingError.unknownFamily`.
    public static func inspect(_ url: URL) throws -> [String] {
        let source = try modelSource(url)
        let scheduler = try source.schedulerConfiguration()
        let unet = try UNet2DCondition.Configuration(json: source.configuration("unet"))
        let vae = try AutoencoderKL.Configuration(json: source.configuration("vae"))
        let size = unet.sampleSize * vae.factor
        var lines = [
            "family: \(try source.family().name)",
            "layout: \(source.layout)",
            "size: \(size)x\(size) pixels, \(vae.factor) to a latent",
            "scheduler: \(scheduler.className ?? "not named"), "
                + "\(scheduler.predictionType.rawValue.replacing("_prediction", with: "")) prediction",
        ]
        if unet.inChannels == 9 {
            lines.append("made for: inpainting and outpainting only, 9 channels")
        }
        if let distillation = Distillation(scheduler, unet) {
            lines.append("made for: \(distillation)")
        }
        for component in source.networks {
            let counts = try source.weights(component).parameterCounts.sorted { $0.key < $1.key }
            let parts = counts.map { "\($0.value.formatted(.number.locale(english))) \($0.key)" }
            lines.append("\(component): \(parts.joined(separator: ", "))")
        }
        if source.isStandIn {
            lines.append("stand-in: a small model that knows drawn landscapes only")
        }
        return lines
    }
}
