/// Byte-pair encoding of single words (Sennrich, Haddow and Birch 2016, algorithm 1), over bytes and
/// with an end-of-word mark, as CLIP has it (Radford et al. 2021).
///
/// The time for a word of n bytes is O(n log n), whatever it holds.
struct BytePairEncoding: Sendable {
    struct Merge: Sendable {
        let rank: UInt32
        let merged: UInt32
    }

    /// The token of each byte inside a word, and of each byte that ends one.
    let inner: [UInt32]
    let final: [UInt32]
    /// What two neighbours become, by `key(left, right)`.
    let merges: [UInt64: Merge]

    static func key(_ left: UInt32, _ right: UInt32) -> UInt64 {
        UInt64(left) << 32 | UInt64(right)
    }

    /// Appends the tokens of a word to `ids`.
    func encode(_ word: some Collection<UInt8>, into ids: inout [Int]) {
        var symbols = word.map { inner[Int($0)] }
        guard let last = Array(word.suffix(1)).first else { return }
        symbols[symbols.count - 1] = final[Int(last)]
        guard symbols.count > 1 else { return ids.append(Int(symbols[0])) }
        mergePairs(&symbols)
        ids += symbols.lazy.filter { $0 != .max }.map(Int.init)
    }

    /// Merges the neighbours of lowest rank, leftmost first, until none can be. A symbol merged into the
    /// one before it becomes `.max`.
    private func mergePairs(_ symbols: inout [UInt32]) {
        let end = symbols.count
        var next = Array(1...end)
        var previous = Array(-1..<end - 1)
        var heap = MinHeap()

        func push(_ left: Int, _ symbols: [UInt32]) {
            guard left >= 0, next[left] < end,
                let merge = merges[Self.key(symbols[left], symbols[next[left]])]
            else { return }
            heap.insert(UInt64(merge.rank) << 32 | UInt64(left))
        }

        for left in 0..<end - 1 { push(left, symbols) }
        while let top = heap.popMinimum() {
            let left = Int(top & 0xFFFF_FFFF)
            let right = next[left]
            // A pair may have changed since it was pushed; then another entry has replaced it.
            guard symbols[left] != .max, right < end,
                let merge = merges[Self.key(symbols[left], symbols[right])],
                UInt64(merge.rank) == top >> 32
            else { continue }
            symbols[left] = merge.merged
            symbols[right] = .max
            next[left] = next[right]
            if next[right] < end { previous[next[right]] = left }
            push(previous[left], symbols)
            push(left, symbols)
        }
    }
}

/// A binary heap (Williams 1964) with its smallest element on top.
private struct MinHeap {
    private var elements: [UInt64] = []

    mutating func insert(_ element: UInt64) {
        var child = elements.count
        elements.append(element)
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[parent] > element else { break }
            elements[child] = elements[parent]
            child = parent
        }
        elements[child] = element
    }

    mutating func popMinimum() -> UInt64? {
        guard let minimum = elements.first, let last = elements.popLast() else { return nil }
        guard !elements.isEmpty else { return minimum }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { break }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < last else { break }
            elements[parent] = elements[child]
            parent = child
        }
        elements[parent] = last
        return minimum
    }
}
