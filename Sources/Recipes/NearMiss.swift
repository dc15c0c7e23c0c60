/// The name that was probably meant: the one fewest slips away, if that is at most a third of it.
///
/// A slip is a letter missing, too many, wrong, or swapped with its neighbour (Damerau 1964).
public func nearMiss(_ word: String, among names: some Sequence<String>) -> String? {
    let letters = Array(word.unicodeScalars.prefix(64))
    var near: (name: String, slips: Int)?
    for name in names {
        let others = Array(name.unicodeScalars.prefix(64))
        let most = min(max(1, others.count / 3), (near?.slips ?? .max) - 1)
        // What is longer or shorter by more letters is more slips away.
        guard abs(letters.count - others.count) <= most else { continue }
        let slips = slips(letters, others)
        if slips <= most { near = (name, slips) }
    }
    return near?.name
}

private func slips(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    let width = b.count + 1
    // The slips between the first letters of both, a row for each count of those of `a`.
    var table = [Int](repeating: 0, count: (a.count + 1) * width)
    for j in 0..<width { table[j] = j }
    for i in a.indices {
        let above = i * width
        let row = above + width
        table[row] = i + 1
        for j in b.indices {
            var least = min(table[row + j], table[above + j + 1]) + 1
            least = min(least, table[above + j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                least = min(least, table[above - width + j - 1] + 1)
            }
            table[row + j + 1] = least
        }
    }
    return table[table.count - 1]
}
