import Checkpoints
import Foundation
import Models
import Recipes
import Tensors

/// One tokenizer and one text encoder whose final hidden states the UNet attends to: the text side of
/// Stable Diffusion 1 and 2.
struct PromptEncoder: Sendable {
    private let tokenizer: CLIPTokenizer
    private let textEncoder: CLIPTextEncoder
    /// A prompt longer than these is cut off: attention takes time for each.
    private static let mostChunks = 32
    private let embeddings: [(name: String, rows: Tensor)]

    /// Why a checkpoint has no such text side, or not a UNet for it; nil when it has.
    static func objection(to source: any ModelSource) throws -> String? {
        if source.contains("text_encoder_2") {
            return "it has two text encoders, as Stable Diffusion XL does"
        }
        let unet = try UNet2DCondition.Configuration(json: source.configuration("unet"))
        guard [4, 9].contains(unet.inChannels) else {
            return "its UNet takes \(unet.inChannels) channels, not 4, nor the 9 of inpainting"
        }
        let text = try configuration(of: source)
        let widths = unet.levels.filter { $0.downHasAttention || $0.upHasAttention }
            .map(\.contextChannels)
        if let width = widths.first(where: { $0 != text.hiddenSize }) {
            return "its UNet wants text embeddings of width \(width), its text encoder makes "
                + "\(text.hiddenSize)"
        }
        return nil
    }

    /// Whether the text encoder is OpenCLIP's, not CLIP's own: the two are told by their activation.
    static func isOpenCLIP(_ source: any ModelSource) throws -> Bool {
        try configuration(of: source).isOpenCLIP
    }

    private static func configuration(
        of source: any ModelSource
    ) throws -> CLIPTextEncoder.Configuration {
        try CLIPTextEncoder.Configuration(json: source.configuration("text_encoder"))
    }

    init(
        _ source: any ModelSource, _ tokenizers: TokenizerPlaces, _ embeddings: [TextualInversion]
    ) throws {
        let size = try Self.configuration(of: source).vocabularySize
        tokenizer = try tokenizers.tokenizer(for: source, vocabularySize: size)
        textEncoder = try CLIPTextEncoder(source)
        let width = textEncoder.configuration.hiddenSize
        self.embeddings = try embeddings.flatMap { embedding in
            let rows = try embedding.vectors(width: width, for: "clip_l")
            return embedding.names.map { ($0, rows) }
        }
    }

    /// The hidden states of a prompt, chunk after chunk.
    ///
    /// Weighted, every token's states are multiplied by its weight, and a chunk as a whole by what brings
    /// its mean back to what it was (AUTOMATIC1111's "original" emphasis). Plain, what does not fit into
    /// one chunk is left out.
    func callAsFunction(_ prompt: String, _ reading: PromptReading) throws -> Conditioning {
        let isPlain = reading.syntax == .plain
        let parsed = isPlain ? WeightedPrompt(plain: prompt) : WeightedPrompt(prompt)
        let names = embeddings.map { (name: $0.name, vectors: $0.rows.shape[0]) }
        if isPlain, !names.contains(where: { prompt.lowercased().contains($0.name.lowercased()) }) {
            let tokens = tokenizer(prompt)
            let states = try textEncoder(tokens.ids, skippingLayers: reading.skippedLayers)
            return Conditioning(hiddenStates: states, dropped: tokens.dropped)
        }
        let chunks = PromptChunks(parsed, tokenizer, embeddings: names).chunks
        let kept = chunks.prefix(isPlain ? 1 : Self.mostChunks)
        let states = try kept.map { try encoded($0, reading) }
        return Conditioning(
            hiddenStates: .concatenated(states, axis: 1),
            dropped: kept.count < chunks.count
                ? "what is beyond \(kept.count * (tokenizer.contextLength - 2)) tokens" : nil)
    }

    private func encoded(
        _ chunk: PromptChunks.Chunk, _ reading: PromptReading
    ) throws -> Tensor {
        let states = try textEncoder(
            chunk.ids, skippingLayers: reading.skippedLayers,
            vectors: chunk.vectors.map { ($0.place, embeddings[$0.embedding].rows) })
        guard chunk.weights.contains(where: { $0 != 1 }) else { return states }
        let width = states.shape[2]
        let scaled = Tensor(shape: states.shape) { target in
            states.withUnsafeBufferPointer { source in
                for index in source.indices {
                    target[index] = source[index] * Float(chunk.weights[index / width])
                }
            }
        }
        return scaled * Float(states.mean / scaled.mean)
    }
}

extension Tensor {
    /// The mean of all values.
    fileprivate var mean: Double {
        withUnsafeBufferPointer { $0.reduce(0.0) { $0 + Double($1) } / Double($0.count) }
    }
}
