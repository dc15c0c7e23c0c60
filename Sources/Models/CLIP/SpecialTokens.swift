/// Texts that are recognized as a token each, before any splitting.
///
/// The time at a place of a prompt grows with the length of what begins there alone, not with their number.
struct SpecialTokens: Sendable {
    struct Token: Sendable {
        let scalars: [Unicode.Scalar]
        let id: Int
    }

    /// The most bytes of one.
    static let longest = 512

    /// Sorted by their scalars, so that those which begin alike are side by side, the shortest first.
    private let tokens: [Token]
    private let firsts: Set<Unicode.Scalar>

    /// - Parameter ids: the number of each text; none is empty.
    init(_ ids: [String: Int]) {
        tokens = ids.map { Token(scalars: Array($0.key.unicodeScalars), id: $0.value) }
            .sorted { $0.scalars.lexicographicallyPrecedes($1.scalars) }
        firsts = Set(tokens.map { $0.scalars[0] })
    }

    /// The longest that a text begins with.
    func first(in text: ArraySlice<Unicode.Scalar>) -> Token? {
        guard let head = text.first, firsts.contains(head) else { return nil }
        var (low, high, depth) = (0, tokens.count, 0)
        var found: Token?
        for scalar in text {
            // Those that go on with this scalar; mostly all do, or none.
            if tokens[low].scalars[depth] != scalar || tokens[high - 1].scalars[depth] != scalar {
                low = place(in: low..<high) { tokens[$0].scalars[depth] < scalar }
                high = place(in: low..<high) { tokens[$0].scalars[depth] <= scalar }
            }
            guard low < high else { return found }
            depth += 1
            if tokens[low].scalars.count == depth {
                found = tokens[low]
                low += 1
                guard low < high else { return found }
            }
        }
        return found
    }

    /// The first place of a sorted range that does not come before.
    private func place(in range: Range<Int>, where comesBefore: (Int) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if comesBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
