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
                for o in 0..<outer {
                    let start = (o * shape[axis] + range.lowerBound) * inner
                    y.copy(x[start..<(start + run)], to: o * run)
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
                    for o in 0..<outer {
                        y.copy(
                            x[(o * run)..<((o + 1) * run)],
                            to: o * extents[axis] * inner + start)
                    }
                }
                start += run
            }
        }
    }

    /// Each pixel repeated to fill a larger picture: [N,H,W,C] becomes [N,height,width,C], place y
    /// taking its values from ⌊y · H / height⌋.
    public func upsampledNearest(height: Int, width: Int) -> Tensor {
        precondition(shape.count == 4, "\(shape) is not [N,H,W,C]")
        let channels = shape[3]
        return withUnsafeBufferPointer { x in
            Tensor(shape: [shape[0], height, width, channels]) { y in
                for row in 0..<(shape[0] * height) {
                    let from = row / height * shape[1] + row % height * shape[1] / height
                    for column in 0..<width {
                        let start = (from * shape[2] + column * shape[2] / width) * channels
                        y.copy(
                            x[start..<(start + channels)],
                            to: (row * width + column) * channels)
                    }
                }
            }
        }
    }
}

extension UnsafeMutableBufferPointer<Float> {
    fileprivate func copy(_ run: Slice<UnsafeBufferPointer<Float>>, to start: Int) {
        _ = UnsafeMutableBufferPointer(rebasing: self[start..<(start + run.count)])
            .initialize(from: UnsafeBufferPointer(rebasing: run))
    }
}
