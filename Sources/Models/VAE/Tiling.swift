import Tensors

/// Work on an area in overlapping tiles whose results fade into one another, so that memory is bounded
/// by a tile and no grid shows.
///
/// Tiles are evenly spread; where two overlap, each counts the more the deeper a place is in it. The
/// shares at a place sum to 1.
struct Tiling {
    /// Side of a tile, in places of the input.
    let side: Int
    /// How far neighbours overlap at the least.
    let overlap: Int

    /// Applies `network` to every tile of `x` [1, H, W, C] and joins the results
    /// [1, H·scale, W·scale, D].
    ///
    /// - Parameters:
    ///   - scale: what a side of the result is of the input's, as a fraction.
    ///   - network: [1, h, w, C] to [1, h·scale, w·scale, D].
    func callAsFunction(
        _ x: Tensor, scale: (up: Int, down: Int), _ network: (Tensor) -> Tensor
    ) -> Tensor {
        let rows = spans(x.shape[1], scale)
        let columns = spans(x.shape[2], scale)
        var result: Tensor?
        for row in rows {
            let strip = x.sliced(axis: 1, row.input)
            for column in columns {
                let tile = network(strip.sliced(axis: 2, column.input))
                let shape = [
                    1, x.shape[1] * scale.up / scale.down, x.shape[2] * scale.up / scale.down,
                    tile.shape[3],
                ]
                var sum = result ?? Tensor(zeros: shape)
                result = nil
                Self.add(tile, to: &sum, row: row, column: column)
                result = sum
            }
        }
        return result ?? x
    }

    /// Where a tile is along one axis.
    private struct Span {
        let input: Range<Int>
        let output: Range<Int>
        /// The share it has in each place of the output.
        var shares: [Float] = []
    }

    private func spans(_ length: Int, _ scale: (up: Int, down: Int)) -> [Span] {
        guard length > side else {
            let end = length * scale.up / scale.down
            return [
                Span(
                    input: 0..<length, output: 0..<end, shares: [Float](repeating: 1, count: end))
            ]
        }
        let count = (length - overlap + side - overlap - 1) / (side - overlap)
        // Tiles begin where inputs and outputs both lie on whole places.
        let room = (length - side) / scale.down
        var spans = (0..<count).map { index in
            let start =
                index == count - 1 ? length - side : room * index / (count - 1) * scale.down
            let output = start * scale.up / scale.down
            return Span(
                input: start..<start + side, output: output..<output + side * scale.up / scale.down)
        }
        let end = length * scale.up / scale.down
        let ramp = Float(overlap * scale.up / scale.down)
        func depth(_ place: Int, in span: Span) -> Float {
            guard span.output.contains(place) else { return 0 }
            let before =
                span.output.lowerBound == 0 ? ramp : Float(place - span.output.lowerBound) + 0.5
            let after =
                span.output.upperBound == end ? ramp : Float(span.output.upperBound - place) - 0.5
            return min(before, after, ramp)
        }
        let totals = (0..<end).map { place in spans.reduce(0) { $0 + depth(place, in: $1) } }
        for index in spans.indices {
            spans[index].shares = spans[index].output.map {
                depth($0, in: spans[index]) / totals[$0]
            }
        }
        return spans
    }

    private static func add(_ tile: Tensor, to sum: inout Tensor, row: Span, column: Span) {
        let (width, channels) = (sum.shape[2], sum.shape[3])
        sum.withUnsafeMutableBufferPointer { sum in
            tile.withUnsafeBufferPointer { tile in
                for (y, yShare) in row.shares.enumerated() {
                    for (x, xShare) in column.shares.enumerated() {
                        let from = (y * column.shares.count + x) * channels
                        let to =
                            ((row.output.lowerBound + y) * width + column.output.lowerBound + x)
                            * channels
                        for c in 0..<channels {
                            sum[to + c] += tile[from + c] * (yShare * xShare)
                        }
                    }
                }
            }
        }
    }
}
