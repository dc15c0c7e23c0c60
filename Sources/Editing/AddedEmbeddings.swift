import Checkpoints
import Foundation
import Models
import Recipes

/// The embeddings that a model is loaded with, and what of them is left out.
struct AddedEmbeddings: Sendable {
    /// Those that prompts may use.
    let usable: [TextualInversion]
    /// The words of those that were asked for one by one, a list for each file.
    private let asked: [[String]]
    /// Those of a folder that cannot be used, by their word.
    private let unusable: [(word: String, reason: any Error)]
    /// The words of those that are for Stable Diffusion XL, of which a model with one text encoder uses a part.
    private let halves: [String]
    /// What is said of those that have not as many vectors for one of two text encoders as for the other.
    private let uneven: [(word: String, note: String)]
    /// Words of a prompt that stay words, because the model cannot use the embedding of that name.
    private let words: [(word: String, reason: any Error)]

    /// Opens the files.
    ///
    /// - Parameter bundled: embeddings that LoRAs bring; those for other models are left out.
    /// - Throws: `CheckpointError` for one that was asked for by itself and is damaged or of another
    ///   family.
    init(_ addOns: AddOns, bundled: [TextualInversion], for source: any ModelSource) throws {
        let widths = try ["text_encoder", "text_encoder_2"].filter(source.contains).map {
            (
                width: try PromptEncoder.configuration(of: source, $0).hiddenSize,
                part: PromptEncoder.embeddingPart(of: $0)
            )
        }
        func check(_ embedding: TextualInversion) throws {
            for (width, part) in widths { _ = try embedding.vectors(width: width, for: part) }
        }
        var (usable, halves): ([TextualInversion], [String]) = ([], [])
        var asked: [[String]] = []
        var unusable: [(word: String, reason: any Error)] = []
        var words: [(word: String, reason: any Error)] = []
        for added in addOns.embeddings {
            do {
                let found = try TextualInversion.all(in: added.file)
                try found.forEach(check)
                usable += found
                if widths.count == 1 { halves += found.filter(\.isOfXL).flatMap(\.names) }
                if !added.isOptional { asked.append(found.flatMap(\.names)) }
            } catch  where added.isOfPrompt {
                words.append((added.file.deletingPathExtension().lastPathComponent, error))
            } catch  where added.isOptional {
                unusable.append((added.file.deletingPathExtension().lastPathComponent, error))
            }
        }
        for embedding in bundled {
            do {
                try check(embedding)
                usable.append(embedding)
            } catch {
                unusable += embedding.names.map { ($0, error) }
            }
        }
        (self.usable, self.asked, self.unusable) = (usable, asked, unusable)
        (self.words, self.halves) = (words, halves)
        uneven = widths.count == 1 ? [] : usable.flatMap(Self.unevenNotes)
    }

    private static func unevenNotes(_ embedding: TextualInversion) -> [(word: String, note: String)]
    {
        guard let counts = embedding.unevenCounts else { return [] }
        return embedding.names.map { name in
            (
                name,
                "\(name) has \(counts.l) vector\(counts.l == 1 ? "" : "s") for CLIP L and \(counts.g) for "
                    + "CLIP G: the words behind it are at different places for the two"
            )
        }
    }

    /// Remarks for the user on embeddings that are left out, and on those that no prompt uses.
    ///
    /// - Throws: what is wrong with an embedding that a prompt uses.
    func remarks(on recipe: Recipe) throws -> [String] {
        let prompts = [recipe.prompt, recipe.negativePrompt].map {
            recipe.promptSyntax == .plain ? WeightedPrompt(plain: $0) : WeightedPrompt($0)
        }
        let all = Array(
            Set(
                unusable.map(\.word) + halves + uneven.map(\.word) + usable.flatMap(\.names)
                    + asked.joined()))
        let names = EmbeddingNames(all)
        let used = Set(prompts.flatMap { names.used(in: $0) }.map { all[$0] })
        func isUsed(_ word: String) -> Bool { used.contains(word) }
        for (word, reason) in unusable where isUsed(word) { throw reason }
        var remarks = halves.filter(isUsed).map {
            "\($0) is made for Stable Diffusion XL: only its vectors for CLIP L are used"
        }
        remarks += uneven.filter { isUsed($0.word) }.map(\.note)
        // What a chunk of CLIP holds beside its marks.
        let most = 75
        for embedding in usable where embedding.mostVectors > most {
            remarks += embedding.names.filter(isUsed).map {
                "\($0) has \(embedding.mostVectors) vectors, of which the first \(most) are used"
            }
        }
        remarks += words.map { "'\($0.word)' stays a word: \($0.reason)" }
        if let first = unusable.first {
            let names = unusable.prefix(3).map(\.word).joined(separator: ", ")
            remarks.append(
                "\(unusable.count) embedding\(unusable.count == 1 ? " is" : "s are") left out"
                    + (unusable.count > 1 ? " (\(names)\(unusable.count > 3 ? ", …" : ""))" : "")
                    + ": \(first.reason)")
        }
        for words in asked where !words.contains(where: isUsed) {
            let word = words[0]
            let isBracketed = word.contains { "()[]".contains($0) }
            remarks.append(
                "no prompt uses the embedding \(word)"
                    + (isBracketed && recipe.promptSyntax == .weighted
                        ? ": its brackets are weights here; \\( and \\) find it" : ""))
        }
        // Of weighted prompts whoever looked for the files says so.
        return remarks + (recipe.promptSyntax == .weighted ? [] : unknownWords(recipe))
    }

    /// ComfyUI's `embedding:word` for a word that is none.
    private func unknownWords(_ recipe: Recipe) -> [String] {
        let known = Set(usable.flatMap(\.names).map { $0.lowercased() })
        let longest = known.map(\.count).max() ?? 0
        let words = [recipe.prompt, recipe.negativePrompt].flatMap { prompt in
            prompt.matches(of: /(?i)embedding:([^\s,:()\[\]]+)/).compactMap { match -> String? in
                let word = match.output.1
                let name = word.lastIndex(of: "/").map { word.index(after: $0) }
                // A name may have spaces.
                let rest = prompt[(name ?? word.startIndex)...].prefix(longest).lowercased()
                return known.contains { rest.hasPrefix($0) } ? nil : String(word)
            }
        }
        var seen: Set<String> = []
        return words.filter { seen.insert($0).inserted }
            .map { "there is no embedding \($0): 'embedding:\($0)' is read as words" }
    }
}
