import Checkpoints
public import Foundation
import Models
import Tensors

/// What is added to a checkpoint when it is loaded, by files.
public struct AddOns: Sendable, Equatable {
    /// LoRAs, each with the factor for what it adds, which is computed in 32 bits.
    public var loras: [AddedLoRA] = []
    /// Textual inversion embeddings.
    public var embeddings: [URL] = []
    /// A VAE instead of the checkpoint's: folder or file, TAESD too.
    public var vae: URL?
    /// A UNet instead of the checkpoint's: folder or file.
    public var unet: URL?
    /// ControlNets by the names that edits call them by: folders or files.
    public var controlNets: [String: URL] = [:]
    /// What makes a UNet of four channels one for inpainting.
    public var inpainting: InpaintingParts?

    /// A LoRA's file and the factor for what it adds.
    public struct AddedLoRA: Sendable, Equatable {
        let file: URL
        let strength: Double

        /// A LoRA with its factor.
        public init(_ file: URL, strength: Double) {
            (self.file, self.strength) = (file, strength)
        }
    }

    /// Nothing.
    public init() {}

    /// The model with its components replaced and LoRAs added.
    func applied(to source: any ModelSource) throws -> any ModelSource {
        var components: [String: any ModelSource] = [:]
        for (name, url) in [("unet", unet), ("vae", vae)] {
            if let url { components[name] = try LooseComponent(url, as: name, beside: source) }
        }
        var model = components.isEmpty ? source : try AmendedModel(source, replacing: components)
        if let inpainting { model = try inpainting.added(to: model) }
        guard !loras.isEmpty else { return model }
        return try AmendedModel(
            model, adding: loras.map { (try LoRA($0.file), Float($0.strength)) })
    }
}
