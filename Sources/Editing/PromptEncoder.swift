import Checkpoints
import Foundation
import Models
import Recipes
import Tensors

/// One tokenizer and one text encoder: the text side of Stable Diffusion 1 and 2, whose UNet attends to
/// the final hidden states, and one half of Stable Diffusion XL's.
struct PromptEncoder: TextSide {
    private let tokenizer: CLIPTokenizer
    private let textEncoder: CLIPTextEncoder
    /// A prompt longer than these is cut off: attention takes time for each.
    private static let mostChunks = 32
    private let embeddings: [(name: String, rows: Tensor)]
    private let states: States

    /// Which hidden states the UNet attends to.
    enum States {
        /// The last, normalized.
        case final
        /// Those before the last layer, as they are.
        case penultimate
    }

    /// Why a checkpoint has no such text side, or not a backbone for it; nil when it has.
    static func objection(
        to source: any ModelSource, backbone: BackboneArchitecture
    ) throws -> String? {
        if source.contains("text_encoder_2") {
            return "its text encoders are those of Stable Diffusion XL"
        }
        let backbone = try backbone.configuration(of: source)
        guard backbone.pooledWidth(besideSizes: 0) == nil else {
            return "its UNet is conditioned on the picture's size, as that of Stable Diffusion XL"
        }
        return backbone.objection(toContextWidth: try configuration(of: source).hiddenSize)
    }

    /// Whether the text encoder is OpenCLIP's, not CLIP's own: the two differ in their activation.
    static func isOpenCLIP(_ source: any ModelSource) throws -> Bool {
        try configuration(of: source).isOpenCLIP
    }

    static func configuration(
        of source: any ModelSource, _ encoder: String = "text_encoder"
    ) throws -> CLIPTextEncoder.Configuration {
        try ModelError.naming(source.url) {
            try CLIPTextEncoder.Configuration(json: source.configuration(encoder))
        }
    }

    /// What embeddings call their vectors for a text encoder.
    static func embeddingPart(of encoder: String) -> String {
        encoder == "text_encoder" ? "clip_l" : "clip_g"
    }

    /// - Parameter encoder: `text_encoder` or `text_encoder_2`.
    init(
        _ source: any ModelSource, _ tokenizers: TokenizerPlaces, _ embeddings: [TextualInversion],
        encoder: String = "text_encoder", states: States = .final
    ) throws {
        let size = try Self.configuration(of: source, encoder).vocabularySize
        tokenizer = try tokenizers.tokenizer(for: source, encoder: encoder, vocabularySize: size)
        textEncoder = try CLIPTextEncoder(source, component: encoder)
        self.states = states
        let width = textEncoder.configuration.hiddenSize
        let part = Self.embeddingPart(of: encoder)
        // One more would take the place of the end mark.
        let most = tokenizer.contextLength - 2
        self.embeddings = try embeddings.flatMap { embedding in
            let all = try embedding.vectors(width: width, for: part)
            let rows = all.sliced(axis: 0, 0..<min(all.shape[0], most))
            return embedding.names.map { ($0, rows) }
        }
    }

    /// The hidden states of a prompt, chunk after chunk; the whole is embedded as its first chunk is.
    ///
    /// Weighted, every token's states are multiplied by its weight, and a chunk as a whole by what brings
    /// its mean back to what it was (AUTOMATIC1111's "original" emphasis). Plain, what does not fit into
    /// one chunk is left out.
    func encoded(_ prompt: String, _ reading: PromptReading) throws -> EncodedPrompt {
        let isPlain = reading.syntax == .plain
        let parsed = isPlain ? WeightedPrompt(plain: prompt) : WeightedPrompt(prompt)
        let names = embeddings.map { (name: $0.name, vectors: $0.rows.shape[0]) }
        if isPlain, EmbeddingNames(names.map(\.name)).used(in: parsed).isEmpty {
            let tokens = tokenizer(prompt)
            let answer = try answer(tokens.ids, reading, [])
            return EncodedPrompt(
                hiddenStates: answer.hiddenStates, pooled: answer.pooled, dropped: tokens.dropped)
        }
        let chunks = PromptChunks(parsed, tokenizer, embeddings: names).chunks
        let kept = chunks.prefix(isPlain ? 1 : Self.mostChunks)
        let answers = try kept.map { try encoded($0, reading) }
        return EncodedPrompt(
            hiddenStates: .concatenated(answers.map(\.hiddenStates), axis: 1),
            pooled: answers.first?.pooled,
            dropped: kept.count < chunks.count
                ? "what is beyond \(kept.count * (tokenizer.contextLength - 2)) tokens" : nil)
    }

    /// The states the UNet attends to, and with those before the last layer the whole text's embedding.
    private func answer(
        _ ids: [Int], _ reading: PromptReading, _ vectors: [(place: Int, rows: Tensor)]
    ) throws -> CLIPTextEncoder.Answer {
        let skipped = reading.skippedLayers
        switch states {
        case .final:
            return CLIPTextEncoder.Answer(
                hiddenStates: try textEncoder(ids, skippingLayers: skipped, vectors: vectors),
                pooled: nil)
        case .penultimate:
            return try textEncoder.penultimate(ids, skippingLayers: skipped, vectors: vectors)
        }
    }

    private func encoded(
        _ chunk: PromptChunks.Chunk, _ reading: PromptReading
    ) throws -> CLIPTextEncoder.Answer {
        let answer = try answer(
            chunk.ids, reading, chunk.vectors.map { ($0.place, embeddings[$0.embedding].rows) })
        guard chunk.weights.contains(where: { $0 != 1 }) else { return answer }
        let states = answer.hiddenStates
        let width = states.shape[2]
        let scaled = Tensor(shape: states.shape) { target in
            states.withUnsafeBufferPointer { source in
                for index in source.indices {
                    target[index] = source[index] * Float(chunk.weights[index / width])
                }
            }
        }
        return CLIPTextEncoder.Answer(
            hiddenStates: scaled * Float(states.mean / scaled.mean), pooled: answer.pooled)
    }
}

extension BackboneConfiguration {
    /// Why token embeddings of a width are not for this backbone; nil when they are.
    func objection(toContextWidth made: Int) -> String? {
        contextWidths.first { $0 != made }.map { width in
            "its UNet wants text embeddings of width \(width), its text encoders make \(made)"
        }
    }

    /// Why embeddings of whole prompts, beside so many sizes, are not for this backbone; nil when they
    /// are.
    func objection(toPooledWidth made: Int, sizes: Int) -> String? {
        guard let width = pooledWidth(besideSizes: sizes) else {
            return "its UNet is not conditioned on the picture's size"
        }
        guard width != made else { return nil }
        return "its UNet wants a prompt's embedding of width \(width), its text encoder makes "
            + "\(made)"
    }
}

extension Tensor {
    /// The mean of all values.
    fileprivate var mean: Double {
        withUnsafeBufferPointer { $0.reduce(0.0) { $0 + Double($1) } / Double($0.count) }
    }
}
