/// Names of embeddings, which stand in prompts as words of their own, in any case.
package struct EmbeddingNames: Sendable {
    private struct Name: Sendable {
        let index: Int
        let scalars: [Unicode.Scalar]
    }

    /// By their first scalar, so that few are compared at each place of a prompt; the longest first.
    private let names: [Unicode.Scalar: [Name]]

    /// - Parameter names: each is found by its index.
    package init(_ names: [String]) {
        let all = names.enumerated()
            .map { Name(index: $0, scalars: Array($1.lowercased().unicodeScalars)) }
            .filter { !$0.scalars.isEmpty }.sorted { $0.scalars.count > $1.scalars.count }
        self.names = Dictionary(grouping: all) { $0.scalars[0] }
    }

    var isEmpty: Bool { names.isEmpty }

    /// The indices of those that a prompt uses.
    package func used(in prompt: WeightedPrompt) -> Set<Int> {
        var used: Set<Int> = []
        guard !isEmpty else { return used }
        for part in prompt.parts {
            let text = Self.lowered(Array((part.text ?? "").unicodeScalars))
            for place in text.indices {
                for name in names[text[place]] ?? []
                where !used.contains(name.index) && Self.stands(name, at: place, in: text) {
                    used.insert(name.index)
                }
            }
        }
        return used
    }

    /// The longest that stands at a place of a text in lower case: its index, and how many scalars it has.
    func first(at place: Int, in text: [Unicode.Scalar]) -> (index: Int, count: Int)? {
        names[text[place]]?.first { Self.stands($0, at: place, in: text) }
            .map { ($0.index, $0.scalars.count) }
    }

    /// A text in lower case, as many scalars as it has.
    static func lowered(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        text.map { scalar in
            guard scalar.isASCII else {
                return scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
            }
            let isUpper = ("A"..."Z").contains(scalar)
            return isUpper ? Unicode.Scalar(UInt8(scalar.value) + 0x20) : scalar
        }
    }

    private static func stands(_ name: Name, at place: Int, in text: [Unicode.Scalar]) -> Bool {
        let end = place + name.scalars.count
        return text[place...].starts(with: name.scalars)
            && (place == 0 || !joins(text[place - 1], name.scalars[0]))
            && (end == text.count || !joins(name.scalars[name.scalars.count - 1], text[end]))
    }

    /// Whether two scalars side by side are of one name.
    private static func joins(_ a: Unicode.Scalar, _ b: Unicode.Scalar) -> Bool {
        [a, b].allSatisfy { $0.isOfWord || $0 == "-" }
    }
}
