import CKernels

extension Tensor {
    /// The same values under another shape; shares the storage.
    public func reshaped(_ shape: [Int]) -> Tensor {
        precondition(shape.reduce(1, *) == count, "\(self.shape) cannot become \(shape)")
        return Tensor(shape: shape, storage: storage)
    }

    /// The values with axes in another order: axis i of the result is axis `axes[i]` of this.
    public func transposed(_ axes: [Int]) -> Tensor {
        precondition(axes.sorted() == Array(shape.indices), "\(axes) does not order \(shape)")
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() {
            strides[axis] = strides[axis + 1] * shape[axis + 1]
        }
        let extents = axes.map { shape[$0] }
        let steps = axes.map { strides[$0] }
        return withUnsafeBufferPointer { x in
            Tensor(shape: extents) { y in
                var place = [Int](repeating: 0, count: extents.count)
                var offset = 0
                for i in y.indices {
                    y[i] = x[offset]
                    for axis in extents.indices.reversed() {
                        place[axis] += 1
                        offset += steps[axis]
                        if place[axis] < extents[axis] { break }
                        offset -= steps[axis] * extents[axis]
                        place[axis] = 0
                    }
                }
            }
        }
    }

    /// The part of this with positions `range` along `axis`.
    public func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
        precondition((0...shape[axis]).contains(range.upperBound), "\(range) is beyond \(shape)")
        let outer = shape[..<axis].reduce(1, *)
        let inner = shape[(axis + 1)...].reduce(1, *)
        let run = range.count * inner
        var extents = shape
        extents[axis] = range.count
        return withUnsafeBufferPointer { x in
            Tensor(shape: extents) { y in
                gesso_copy(
                    x.baseAddress.map { $0 + range.lowerBound * inner }, shape[axis] * inner,
                    y.baseAddress, run, outer, run)
            }
        }
    }

    /// The rows and columns of a picture [N,H,W,C].
    public func cropped(rows: Range<Int>, columns: Range<Int>) -> Tensor {
        let lines = rows == 0..<shape[1] ? self : sliced(axis: 1, rows)
        return columns == 0..<shape[2] ? lines : lines.sliced(axis: 2, columns)
    }

    /// Writes `part` [N,h,w,C] over this picture [N,H,W,C], its top left corner at a row and a column.
    public mutating func overwrite(with part: Tensor, row: Int, column: Int) {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        let (lines, run) = (part.shape[1], part.shape[2] * channels)
        precondition(
            part.shape[0] == shape[0] && part.shape[3] == channels && row + lines <= height
                && column + part.shape[2] <= width, "\(part.shape) does not fit into \(shape)")
        let batch = shape[0]
        withUnsafeMutableBufferPointer { y in
            part.withUnsafeBufferPointer { x in
                for picture in 0..<batch {
                    let to = ((picture * height + row) * width + column) * channels
                    gesso_copy(
                        x.baseAddress.map { $0 + picture * lines * run }, run,
                        y.baseAddress.map { $0 + to }, width * channels, lines, run)
                }
            }
        }
    }

    /// The parts one after another along `axis`; their other extents are the same.
    public static func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
        var extents = parts[0].shape
        extents[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
        let outer = extents[..<axis].reduce(1, *)
        let inner = extents[(axis + 1)...].reduce(1, *)
        return Tensor(shape: extents) { y in
            var start = 0
            for part in parts {
                let run = part.shape[axis] * inner
                precondition(part.count == outer * run, "\(part.shape) does not join \(extents)")
                part.withUnsafeBufferPointer { x in
                    gesso_copy(
                        x.baseAddress, run, y.baseAddress.map { $0 + start }, extents[axis] * inner,
                        outer, run)
                }
                start += run
            }
        }
    }

    /// Whether all that is along the first axis is the same, value for value.
    public var rowsAreAlike: Bool {
        let run = count / max(shape[0], 1)
        return withUnsafeBufferPointer { x in
            (1..<max(shape[0], 1)).allSatisfy { row in
                x[..<run].elementsEqual(x[(row * run)..<((row + 1) * run)])
            }
        }
    }

    /// The last `rows` along the first axis; all where there are no more.
    package func lastRows(_ rows: Int) -> Tensor {
        shape[0] <= rows ? self : sliced(axis: 0, shape[0] - rows..<shape[0])
    }

    /// `rows` along the first axis: this, if it has as many, or its only one over and over.
    public func repeated(_ rows: Int) -> Tensor {
        guard shape[0] != rows else { return self }
        precondition(shape[0] == 1, "\(shape) is not one row")
        return .concatenated(Array(repeating: self, count: rows), axis: 0)
    }
}
