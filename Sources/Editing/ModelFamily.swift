import Checkpoints
import Tensors

/// What the UNet hears of a prompt.
struct Conditioning: Sendable {
    /// [1,77n,C] token embeddings of n chunks for cross-attention.
    let hiddenStates: Tensor
    /// [1,P] the embedding of the whole prompt; nil in families that have none.
    var pooled: Tensor?
    /// Whether there are zeros in place of the embeddings, as no prompt gives.
    var isZeroed = false
    /// The end of the prompt that did not fit; nil where all of it did.
    let dropped: String?
}

/// A kind of checkpoint: what turns a prompt into what the UNet hears.
///
/// One file a family in `Families/`; `Model.load` takes the first that has no objection.
protocol ModelFamily: Sendable {
    /// The name shown to people.
    static var name: String { get }
    /// Why the checkpoint is not of this family; nil when it is.
    static func objection(to source: any ModelSource) throws -> String?
    /// Loads the text side.
    init(
        _ source: any ModelSource, _ tokenizers: TokenizerPlaces, _ embeddings: [TextualInversion]
    ) throws
    /// Encodes one prompt.
    func conditioning(for prompt: String, _ reading: PromptReading) throws -> Conditioning
    /// Encodes the prompt to be led away from; it is empty when none was given.
    func conditioning(away prompt: String, _ reading: PromptReading) throws -> Conditioning
    /// Whether diffusers' pipelines mend outdated configurations of schedulers for it.
    static var mendsSchedulers: Bool { get }
    /// The colours of its latents, for previews.
    static var latentColors: LatentColors { get }
}

extension ModelFamily {
    func conditioning(away prompt: String, _ reading: PromptReading) throws -> Conditioning {
        try conditioning(for: prompt, reading)
    }

    static var mendsSchedulers: Bool { true }

    static var latentColors: LatentColors { .stableDiffusion }
}
