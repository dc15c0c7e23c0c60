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
        let folder = try ModelFolder(url)
        let scheduler = try folder.schedulerConfiguration()
        let unet = try UNet2DCondition.Configuration(json: folder.configuration("unet"))
        let vae = try AutoencoderKL.Configuration(json: folder.configuration("vae"))
        let size = unet.sampleSize * vae.factor
        var lines = [
            "family: \(try folder.family().name)",
            "layout: diffusers folder",
            "size: \(size)x\(size) pixels, \(vae.factor) to a latent",
            "scheduler: \(scheduler.className ?? "not named"), "
                + "\(scheduler.predictionType.rawValue) prediction",
        ]
        for component in ["text_encoder", "unet", "vae"] {
            let counts = try folder.weights(component).parameterCounts.sorted { $0.key < $1.key }
            let parts = counts.map { "\($0.value.formatted(.number.locale(english))) \($0.key)" }
            lines.append("\(component): \(parts.joined(separator: ", "))")
        }
        if folder.isStandIn {
            lines.append("stand-in: a small model that knows drawn landscapes only")
        }
        return lines
    }
}
