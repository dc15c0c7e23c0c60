/// The name that was probably meant: the one fewest slips away, if that is at most a third of it.
///
/// A slip is a letter missing, too many, wrong, or swapped with its neighbour (Damerau 1964).
public func nearMiss(_ word: String, among names: some Sequence<String>) -> String? {
    let near = names.map { (name: $0, slips: slips(word, $0)) }.min { $0.slips < $1.slips }
    guard let near, near.slips <= max(1, near.name.count / 3) else { return nil }
    return near.name
}

private func slips(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.prefix(64)), Array(b.prefix(64)))
    var rows = [Array(0...b.count)]
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var least = min(row[j], rows[i][j + 1]) + 1
            least = min(least, rows[i][j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                least = min(least, rows[i - 1][j - 1] + 1)
            }
            row.append(least)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
