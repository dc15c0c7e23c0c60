import Tensors

/// Fewer pixels for self-attention: those that are most like another are merged with it before, and get
/// its result after (Bolya & Hoffman 2023, "Token Merging for Fast Stable Diffusion").
///
/// Of each cell of 2×2 pixels one is kept; which one is the same for every call, and looks random so that
/// no grid shows.
struct TokenMerging: Sendable {
    /// Share of the pixels that are merged, in 0...0.75.
    let ratio: Double

    /// Applies `attend` to the merged rows of `x` [N, S, C], S = height · width, and spreads its result
    /// [N, S − merged, C] over all of them.
    func callAsFunction(
        _ x: Tensor, height: Int, width: Int, _ attend: (Tensor) -> Tensor
    ) -> Tensor {
        let places = Self.split(height: height, width: width)
        let count = min(Int(ratio * Double(height * width)), places.movable.count)
        guard count > 0, !places.kept.isEmpty else { return attend(x) }
        let maps = (0..<x.shape[0]).map { picture in
            merging(x.sliced(axis: 0, picture..<picture + 1), places, count)
        }
        let merged = Tensor.concatenated(
            maps.enumerated().map { picture, map in
                map.merged(x.sliced(axis: 0, picture..<picture + 1))
            }, axis: 0)
        let attended = attend(merged)
        return .concatenated(
            maps.enumerated().map { picture, map in
                map.spread(attended.sliced(axis: 0, picture..<picture + 1))
            }, axis: 0)
    }

    /// The pixels that stay, one of each cell, and those that may be merged with them.
    private static func split(height: Int, width: Int) -> (kept: [Int], movable: [Int]) {
        var state: UInt32 = 0x9E37_79B9
        var isKept = [Bool](repeating: false, count: height * width)
        for y in stride(from: 0, to: height, by: 2) {
            for x in stride(from: 0, to: width, by: 2) {
                state ^= state << 13
                state ^= state >> 17
                state ^= state << 5
                let (down, right) = (Int(state >> 8) & 1, Int(state >> 9) & 1)
                isKept[min(y + down, height - 1) * width + min(x + right, width - 1)] = true
            }
        }
        let all = isKept.indices
        return (all.filter { isKept[$0] }, all.filter { !isKept[$0] })
    }

    /// Which of the merged rows each row goes to.
    private struct Map {
        /// For each of S rows its merged row.
        let target: [Int]
        /// How many rows each merged row stands for.
        let sizes: [Float]

        /// [1, S, C] to the means [1, merged, C].
        func merged(_ x: Tensor) -> Tensor {
            let channels = x.shape[2]
            var sum = Tensor(zeros: [1, sizes.count, channels])
            sum.withUnsafeMutableBufferPointer { sum in
                x.withUnsafeBufferPointer { x in
                    for (row, to) in target.enumerated() {
                        for c in 0..<channels {
                            sum[to * channels + c] += x[row * channels + c] / sizes[to]
                        }
                    }
                }
            }
            return sum
        }

        /// [1, merged, C] to [1, S, C].
        func spread(_ y: Tensor) -> Tensor {
            let channels = y.shape[2]
            return Tensor(shape: [1, target.count, channels]) { all in
                y.withUnsafeBufferPointer { y in
                    for (row, from) in target.enumerated() {
                        for c in 0..<channels {
                            all[row * channels + c] = y[from * channels + c]
                        }
                    }
                }
            }
        }
    }

    /// Merges the `count` movable rows that are most like a kept one, by the angle between them.
    private func merging(
        _ x: Tensor, _ places: (kept: [Int], movable: [Int]), _ count: Int
    ) -> Map {
        let nearest = Self.nearest(x, places)
        let order = nearest.indices.sorted {
            (nearest[$0].likeness, $1) > (nearest[$1].likeness, $0)
        }
        var target = [Int](repeating: 0, count: x.shape[1])
        for (row, place) in places.kept.enumerated() { target[place] = row }
        var sizes = [Float](repeating: 1, count: places.kept.count)
        for index in order[..<count] {
            target[places.movable[index]] = nearest[index].row
            sizes[nearest[index].row] += 1
        }
        for index in order[count...].sorted() {
            target[places.movable[index]] = sizes.count
            sizes.append(1)
        }
        return Map(target: target, sizes: sizes)
    }

    /// For each movable row the kept one it is most like.
    private static func nearest(
        _ x: Tensor, _ places: (kept: [Int], movable: [Int])
    ) -> [(row: Int, likeness: Float)] {
        let channels = x.shape[2]
        func directions(_ rows: some Collection<Int>) -> Tensor {
            Tensor(shape: [rows.count, channels]) { y in
                x.withUnsafeBufferPointer { x in
                    for (to, from) in rows.enumerated() {
                        let row = x[from * channels..<(from + 1) * channels]
                        let length = max(row.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
                        for c in 0..<channels {
                            y[to * channels + c] = row[row.startIndex + c] / length
                        }
                    }
                }
            }
        }
        let kept = PackedMatrix(StoredTensor(directions(places.kept)))
        // In parts, so that the table of likenesses stays small.
        return stride(from: 0, to: places.movable.count, by: 1024).flatMap { start in
            let rows = places.movable[start..<min(start + 1024, places.movable.count)]
            let likeness = directions(rows).multiplied(by: kept)
            return likeness.withUnsafeBufferPointer { table in
                (0..<rows.count).map { row in
                    var best = (row: 0, likeness: -Float.infinity)
                    for column in 0..<places.kept.count {
                        let value = table[row * places.kept.count + column]
                        if value > best.likeness { best = (column, value) }
                    }
                    return best
                }
            }
        }
    }
}
