/// A prompt in as many chunks as it needs, each of which the text encoder takes by itself.
///
/// AUTOMATIC1111's rules: 75 tokens a chunk, the marks of beginning and end around them. A word that
/// would be cut off from the text since the last comma, up to 20 tokens, takes that text with it into
/// the next chunk. `BREAK` fills up the chunk. The vectors of an embedding are never parted.
public struct PromptChunks: Sendable, Equatable {
    /// 77 tokens with a weight each.
    public struct Chunk: Sendable, Equatable {
        /// The beginning mark, 75 tokens, the end mark. Where a vector comes in place of a token's own,
        /// the number means nothing.
        public var ids: [Int]
        /// Of every token; 1 for marks and padding.
        public var weights: [Double]
        /// Which embedding's vectors stand at which place.
        public var vectors: [Insertion] = []
    }

    /// Vectors in place of tokens.
    public struct Insertion: Sendable, Equatable {
        /// The first place, counted with the beginning mark.
        public let place: Int
        /// The embedding's number among those the prompt was read with.
        public let embedding: Int
    }

    /// At least one.
    public let chunks: [Chunk]

    /// How far back a comma is looked for.
    static let reach = 20

    /// - Parameter embeddings: names that stand for vectors, each with how many.
    public init(
        _ prompt: WeightedPrompt, _ tokenizer: CLIPTokenizer,
        embeddings: [(name: String, vectors: Int)] = []
    ) {
        var builder = Builder(tokenizer)
        let names = EmbeddingNames(embeddings.map(\.name))
        for part in prompt.parts {
            guard let text = part.text else {
                builder.close()
                continue
            }
            for piece in Self.pieces(of: text, names) {
                switch piece {
                case .text(let text):
                    for id in tokenizer.promptIDs(of: text) { builder.add(id, part.weight) }
                case .embedding(let index):
                    builder.add(embedding: index, embeddings[index].vectors, part.weight)
                }
            }
        }
        chunks = builder.finished()
    }

    private enum Piece { case text(String), embedding(Int) }

    /// The text cut at names of embeddings.
    private static func pieces(of text: String, _ names: EmbeddingNames) -> [Piece] {
        guard !names.isEmpty else { return [.text(text)] }
        let scalars = Array(text.unicodeScalars)
        let lowered = EmbeddingNames.lowered(scalars)
        var pieces: [Piece] = []
        var (start, place) = (0, 0)
        while place < scalars.count {
            guard let (index, count) = names.first(at: place, in: lowered) else {
                place += 1
                continue
            }
            let mark = markLength(lowered[start..<place])
            // InvokeAI writes `<name>`.
            let end = place + count
            let isInBrackets =
                place > start && lowered[place - 1] == "<" && end < lowered.count
                && lowered[end] == ">"
            pieces.append(.text(string(scalars[start..<place - (isInBrackets ? 1 : mark)])))
            pieces.append(.embedding(index))
            place = isInBrackets ? end + 1 : end
            if mark > 0 { place += endingLength(lowered[place...]) }
            start = place
        }
        return pieces + [.text(string(scalars[start...]))]
    }

    /// Scalars of ComfyUI's `embedding:` at the end of a text, with the folders behind it; 0 without.
    private static func markLength(_ text: ArraySlice<Unicode.Scalar>) -> Int {
        let separators = " \t\n,()[]|".unicodeScalars
        let start = text.lastIndex { separators.contains($0) }.map { $0 + 1 } ?? text.startIndex
        let word = text[start...]
        let mark = "embedding:".unicodeScalars
        guard word.starts(with: mark), let last = word.last, ":/".unicodeScalars.contains(last)
        else { return 0 }
        return word.count
    }

    /// Scalars of a file's ending at the beginning of a text.
    private static func endingLength(_ text: ArraySlice<Unicode.Scalar>) -> Int {
        let endings = [".safetensors", ".pt", ".bin"].map(\.unicodeScalars)
        return endings.first { text.starts(with: $0) }?.count ?? 0
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars))
    }
}

/// Chunks as they fill up.
private struct Builder {
    private let tokenizer: CLIPTokenizer
    private let length: Int
    private let comma: Int?
    private var chunks: [PromptChunks.Chunk] = []
    private var current = PromptChunks.Chunk(ids: [], weights: [])
    private var lastComma: Int?

    init(_ tokenizer: CLIPTokenizer) {
        self.tokenizer = tokenizer
        length = tokenizer.contextLength - 2
        let ids = tokenizer.promptIDs(of: ",")
        comma = ids.count == 1 ? ids[0] : nil
    }

    mutating func add(_ id: Int, _ weight: Double) {
        if id == comma {
            lastComma = current.ids.count
        } else if current.ids.count == length, let lastComma,
            length - lastComma <= PromptChunks.reach
        {
            close(keeping: lastComma + 1)
        }
        if current.ids.count == length { close() }
        current.ids.append(id)
        current.weights.append(weight)
    }

    mutating func add(embedding: Int, _ vectors: Int, _ weight: Double) {
        if current.ids.count + vectors > length { close() }
        let count = min(vectors, length)
        current.vectors.append(.init(place: current.ids.count + 1, embedding: embedding))
        // Not the end's number: where that comes first is where the whole text's embedding is taken.
        current.ids += Array(repeating: 0, count: count)
        current.weights += Array(repeating: weight, count: count)
    }

    /// Ends the chunk after so many tokens; the rest begins the next one.
    mutating func close(keeping count: Int? = nil) {
        let count = count ?? current.ids.count
        let room = length - count
        let tail = [tokenizer.endID] + Array(repeating: tokenizer.paddingID, count: room)
        var rest = PromptChunks.Chunk(
            ids: Array(current.ids[count...]), weights: Array(current.weights[count...]))
        for insertion in current.vectors where insertion.place > count {
            rest.vectors.append(
                .init(place: insertion.place - count, embedding: insertion.embedding))
        }
        chunks.append(
            PromptChunks.Chunk(
                ids: [tokenizer.beginningID] + current.ids[..<count] + tail,
                weights: [1] + current.weights[..<count] + Array(repeating: 1, count: room + 1),
                vectors: current.vectors.filter { $0.place <= count }))
        (current, lastComma) = (rest, nil)
    }

    mutating func finished() -> [PromptChunks.Chunk] {
        if !current.ids.isEmpty || chunks.isEmpty { close() }
        return chunks
    }
}
