import Checkpoints
import Foundation
import Models
import Sampling
import Tensors

/// A kind of checkpoint, as a value: which networks it consists of, how it reads prompts, and what its
/// predictions mean.
///
/// One file a family in `Families/`, and its name in `all`; `Model.load` takes the first that has no
/// objection.
struct ModelFamily: Sendable {
    /// The name shown to people.
    let name: String
    /// The architecture of its backbone.
    let backbone: BackboneArchitecture
    /// The components that are text encoders.
    let textEncoders: [String]
    /// Why a checkpoint is not of this family; nil when it is.
    let objection: @Sendable (_ source: any ModelSource) throws -> String?
    /// Loads the text side.
    let textSide:
        @Sendable (_ source: any ModelSource, TokenizerPlaces, [TextualInversion]) throws
            -> any TextSide
    /// The numbers about the picture that the backbone is conditioned on; nil where there are none.
    var sizes: (@Sendable (PictureFacts) -> [Float])?
    /// Loads the autoencoder.
    var autoencoder: @Sendable (_ source: any ModelSource, Arithmetic) throws -> any Autoencoder = {
        try Models.autoencoder($0, arithmetic: $1)
    }
    /// What the backbone was trained on.
    var parametrization: @Sendable (SchedulerConfiguration) -> Parametrization = {
        .variancePreserving($0.predictionType)
    }
    /// Whether diffusers' pipelines correct outdated configurations of schedulers for it.
    var correctsSchedulers = true
    /// The colours of its latents, for previews.
    var latentColors = LatentColors.stableDiffusion

    /// Every family, in the order they are tried.
    static let all: [ModelFamily] = [
        .stableDiffusion1, .stableDiffusion2, .stableDiffusionXL, .stableDiffusionXLRefiner,
    ]

    /// The components that are networks, in the order of reports.
    var networks: [String] { textEncoders + [backbone.component, "vae"] }

    /// The family of a checkpoint.
    /// - Throws: `EditingError.unknownFamily`, `CheckpointError` and `ModelError`.
    init(of source: any ModelSource) throws {
        var objections: [String] = []
        for family in Self.all {
            guard let objection = try family.objection(source) else {
                self = family
                return
            }
            if !objections.contains(objection) { objections.append(objection) }
        }
        throw EditingError.unknownFamily(
            path: source.url.path(percentEncoded: false),
            reason: objections.joined(separator: "; "))
    }

    init(
        name: String, backbone: BackboneArchitecture, textEncoders: [String],
        objection: @escaping @Sendable (_ source: any ModelSource) throws -> String?,
        textSide:
            @escaping @Sendable (_ source: any ModelSource, TokenizerPlaces, [TextualInversion])
            throws -> any TextSide
    ) {
        (self.name, self.backbone, self.textEncoders) = (name, backbone, textEncoders)
        (self.objection, self.textSide) = (objection, textSide)
    }
}

/// What a backbone may be conditioned on of the picture, besides its latents.
struct PictureFacts {
    /// Of the picture the model works at, in pixels.
    let width: Int
    /// Of the picture the model works at, in pixels.
    let height: Int
    /// Whether it is for the branch of the negative prompt.
    let isNegative: Bool
}

/// What encodes prompts for a backbone.
protocol TextSide: Sendable {
    /// Encodes one prompt.
    func encoded(_ prompt: String, _ reading: PromptReading) throws -> EncodedPrompt
    /// Encodes a negative prompt; it is empty when none was given.
    func encoded(negative prompt: String, _ reading: PromptReading) throws -> EncodedPrompt
}

extension TextSide {
    func encoded(negative prompt: String, _ reading: PromptReading) throws -> EncodedPrompt {
        try encoded(prompt, reading)
    }
}
