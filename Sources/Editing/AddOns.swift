import Checkpoints
public import Foundation
import Models
public import Recipes

/// What is added to a checkpoint when it is loaded, by files.
public struct AddOns: Sendable, Equatable {
    /// LoRAs, each with the factors for what it adds, which is computed in 32 bits.
    public var loras: [AddedLoRA] = []
    /// Textual inversion embeddings.
    public var embeddings: [AddedEmbedding] = []
    /// A VAE instead of the checkpoint's: folder or file, TAESD too.
    public var vae: URL?
    /// A UNet instead of the checkpoint's: folder or file.
    public var unet: URL?
    /// ControlNets by the names that edits call them by: folders or files.
    public var controlNets: [String: URL] = [:]
    /// What makes a UNet of four channels one for inpainting.
    public var inpainting: InpaintingParts?
    /// The numbers that the model is to be computed in.
    public var precision = ModelPrecision.exact

    /// A LoRA's file and the factors for what it adds.
    public struct AddedLoRA: Sendable, Equatable {
        let file: URL
        let strength: Double
        let textStrength: Double
        let blocks: [Double]?
        let scalesDirection: Bool

        /// A LoRA with its factors.
        ///
        /// - Parameters:
        ///   - strength: for the UNet.
        ///   - textStrength: for the text encoders; nil is the same.
        ///   - blocks: further factors as `BlockWeights.factors` has them; nil is 1 for all.
        ///   - scalesDirection: how the strength of one with DoRA's magnitudes counts, as
        ///     `Compatibility.scalesDirection` says.
        public init(
            _ file: URL, strength: Double, textStrength: Double? = nil, blocks: [Double]? = nil,
            scalesDirection: Bool = false
        ) {
            self.scalesDirection = scalesDirection
            (self.file, self.strength, self.blocks) = (file, strength, blocks)
            self.textStrength = textStrength ?? strength
        }
    }

    /// An embedding's file.
    public struct AddedEmbedding: Sendable, Equatable {
        let file: URL
        /// Whether it may be left out where it cannot be used, as one of many in a folder.
        let isOptional: Bool
        /// Whether nothing but a prompt names it, whose word it then is only if it can be used.
        let isOfPrompt: Bool

        /// An embedding, asked for by itself, as one of many, or by a word of a prompt alone.
        public init(_ file: URL, isOptional: Bool = false, isOfPrompt: Bool = false) {
            (self.file, self.isOptional) = (file, isOptional || isOfPrompt)
            self.isOfPrompt = isOfPrompt
        }
    }

    /// Nothing.
    public init() {}

    /// Components that a checkpoint may lack, because they are given.
    var supplied: Set<String> { vae == nil ? [] : ["vae"] }

    /// A checkpoint with all of this.
    struct Applied {
        let source: any ModelSource
        /// Embeddings that the LoRAs bring.
        let embeddings: [TextualInversion]
        /// Remarks for the user.
        let notes: [String]
    }

    /// The model with its components replaced and LoRAs added.
    ///
    /// - Throws: `CheckpointError` for what does not fit the model or is damaged.
    func applied(to source: any ModelSource) throws -> Applied {
        var components: [String: any ModelSource] = [:]
        for (name, url) in [("unet", unet), ("vae", vae)] {
            if let url { components[name] = try LooseComponent(url, as: name, beside: source) }
        }
        var model = components.isEmpty ? source : try AmendedModel(source, replacing: components)
        if let inpainting { model = try inpainting.added(to: model) }
        guard !loras.isEmpty else { return Applied(source: model, embeddings: [], notes: []) }
        let opened = try loras.map { added in
            var lora = try LoRA(added.file)
            lora.scalesDirection = added.scalesDirection
            return lora
        }
        let amended = try AmendedModel(
            model,
            adding: zip(opened, loras).map { lora, added in
                WeightedLoRA(
                    lora, strength: Float(added.strength), textStrength: Float(added.textStrength),
                    blocks: added.blocks.map { $0.map(Float.init) })
            })
        return Applied(
            source: amended, embeddings: opened.flatMap(\.embeddings),
            notes: opened.flatMap(\.notes) + amended.notes)
    }
}
