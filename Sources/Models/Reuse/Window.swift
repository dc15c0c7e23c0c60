import Tensors

/// What a convolution reads for an area of its result.
struct Window: Sendable {
    /// The shape of a convolution.
    struct Geometry: Sendable {
        let kernel: (height: Int, width: Int)
        let stride: Int
        let padding: Padding
        /// The size that pixels are repeated to fill before; nil leaves them.
        let size: (height: Int, width: Int)?

        /// The size of the result for a picture [N,H,W,C].
        func outputSize(of x: Tensor) -> (height: Int, width: Int) {
            let seen = size ?? (x.shape[1], x.shape[2])
            return (
                (seen.height + padding.top + padding.bottom - kernel.height) / stride + 1,
                (seen.width + padding.left + padding.right - kernel.width) / stride + 1
            )
        }
    }

    /// The area of the result.
    let output: Area
    /// The part of the picture that is read.
    let source: Area
    /// What of the filter's reach is outside of the picture.
    let padding: Padding
    /// For each row and column that the filter sees that of the source; nil where they are the same.
    private let repeats: (rows: [Int], columns: [Int])?

    /// The window for an area of the result of a picture [N,H,W,C].
    init(for output: Area, of x: Tensor, _ geometry: Geometry) {
        let seen = geometry.size ?? (x.shape[1], x.shape[2])
        func reach(_ range: Range<Int>, _ kernel: Int, _ before: Int) -> (Int, Int) {
            let start = range.lowerBound * geometry.stride - before
            return (start, (range.upperBound - 1) * geometry.stride - before + kernel)
        }
        let padding = geometry.padding
        let (top, bottom) = reach(output.rows, geometry.kernel.height, padding.top)
        let (left, right) = reach(output.columns, geometry.kernel.width, padding.left)
        self.output = output
        self.padding = Padding(
            top: max(-top, 0), left: max(-left, 0), bottom: max(bottom - seen.height, 0),
            right: max(right - seen.width, 0))
        let rows = max(top, 0)..<min(bottom, seen.height)
        let columns = max(left, 0)..<min(right, seen.width)
        guard let size = geometry.size else {
            source = Area(rows: rows, columns: columns)
            repeats = nil
            return
        }
        let sources = (
            rows: rows.map { $0 * x.shape[1] / size.height },
            columns: columns.map { $0 * x.shape[2] / size.width }
        )
        let source = Area(
            rows: sources.rows[0]..<sources.rows[rows.count - 1] + 1,
            columns: sources.columns[0]..<sources.columns[columns.count - 1] + 1)
        self.source = source
        repeats = (
            sources.rows.map { $0 - source.rows.lowerBound },
            sources.columns.map { $0 - source.columns.lowerBound }
        )
    }

    /// What the filter sees of the source [N,h,w,C].
    func enlarged(_ crop: Tensor) -> Tensor {
        guard let repeats else { return crop }
        let (height, width, channels) = (crop.shape[1], crop.shape[2], crop.shape[3])
        let shape = [crop.shape[0], repeats.rows.count, repeats.columns.count, channels]
        return Tensor(shape: shape) { y in
            crop.withUnsafeBufferPointer { x in
                var to = 0
                for picture in 0..<shape[0] {
                    for row in repeats.rows {
                        for column in repeats.columns {
                            let from = ((picture * height + row) * width + column) * channels
                            for channel in 0..<channels { y[to + channel] = x[from + channel] }
                            to += channels
                        }
                    }
                }
            }
        }
    }
}
