/// A rectangle of pixels within a picture.
public struct Box: Sendable, Equatable {
    /// The first column.
    public var x: Int
    /// The first row.
    public var y: Int
    /// Columns, at least 1.
    public var width: Int
    /// Rows, at least 1.
    public var height: Int

    /// A rectangle of that place and size.
    public init(x: Int, y: Int, width: Int, height: Int) {
        precondition(width > 0 && height > 0)
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// The first column and row behind it.
    var end: (x: Int, y: Int) { (x + width, y + height) }

    /// The box with so many pixels more on each side, as far as the picture goes.
    func widened(by margin: Int, inWidth width: Int, height: Int) -> Box {
        let (left, top) = (max(x - margin, 0), max(y - margin, 0))
        return Box(
            x: left, y: top, width: min(end.x + margin, width) - left,
            height: min(end.y + margin, height) - top)
    }

    /// The box with context: `padding` pixels more on each side and at least `least` a side, then
    /// widened to a square; where that leaves the picture it is shifted back inside, and clipped only
    /// if it is larger than the picture. This is AUTOMATIC1111's "only masked" for square work.
    ///
    /// - Parameters:
    ///   - width: the picture's.
    ///   - height: the picture's.
    public func withContext(padding: Int, least: Int, inWidth width: Int, height: Int) -> Box {
        let left = max(x - padding, 0)
        let top = max(y - padding, 0)
        let right = min(end.x + padding, width)
        let bottom = min(end.y + padding, height)
        let side = max(right - left, bottom - top, least)
        let (newX, newWidth) = Self.widened(left, right, to: side, within: width)
        let (newY, newHeight) = Self.widened(top, bottom, to: side, within: height)
        return Box(x: newX, y: newY, width: newWidth, height: newHeight)
    }

    /// The box with `padding` pixels more on each side, then widened to the shape of `shape`, shifted and clipped
    /// alike. This is AUTOMATIC1111's "only masked".
    public func withContext(
        padding: Int, shape: (width: Int, height: Int), inWidth width: Int, height: Int
    ) -> Box {
        let box = widened(by: padding, inWidth: width, height: height)
        let isWide = box.width * shape.height > shape.width * box.height
        let (newX, newWidth) =
            isWide
            ? (box.x, box.width)
            : Self.widened(
                box.x, box.end.x, to: box.height * shape.width / shape.height, within: width)
        let (newY, newHeight) =
            isWide
            ? Self.widened(
                box.y, box.end.y, to: box.width * shape.height / shape.width, within: height)
            : (box.y, box.height)
        return Box(x: newX, y: newY, width: newWidth, height: newHeight)
    }

    private static func widened(
        _ start: Int, _ end: Int, to length: Int, within limit: Int
    ) -> (start: Int, length: Int) {
        let more = max(length - (end - start), 0)
        let first = min(start - more / 2, limit - length)
        let clipped = max(first, 0)
        return (clipped, min(max(length, end - start), limit - clipped))
    }

    /// The size at which its content is worked on: about `side * side` pixels in its own shape,
    /// multiples of `multiple`, enlarged by `most` at the most.
    public func workSize(side: Int, multiple: Int, most: Double = 4) -> (width: Int, height: Int) {
        let area = Double(width) * Double(height)
        let scale = min(Double(side) / area.squareRoot(), most)
        func size(_ length: Int) -> Int {
            max(Int((Double(length) * scale / Double(multiple)).rounded()), 1) * multiple
        }
        return (size(width), size(height))
    }

    /// The size at which its content is worked on to fill a size as far as its own shape allows: multiples of
    /// `multiple`, none of them larger than the size.
    public func workSize(
        within size: (width: Int, height: Int), multiple: Int
    ) -> (width: Int, height: Int) {
        let scale = min(
            Double(size.width) / Double(width), Double(size.height) / Double(height))
        func side(_ length: Int, _ most: Int) -> Int {
            let count = Int((Double(length) * scale / Double(multiple)).rounded())
            return min(max(count, 1), max(most / multiple, 1)) * multiple
        }
        return (side(width, size.width), side(height, size.height))
    }
}

extension Image {
    /// The part of the picture in a box, which is inside.
    public func cropped(to box: Box) -> Image {
        cropped(x: box.x, y: box.y, width: box.width, height: box.height)
    }

    /// The picture with `part`, of the same channels and depth, in place of what the box holds.
    public func replacing(_ box: Box, by part: Image) -> Image {
        var replaced = self
        replaced.replace(box, by: part)
        return replaced
    }

    /// Puts `part`, of the same channels and depth, in place of what the box holds.
    public mutating func replace(_ box: Box, by part: Image) {
        precondition(part.width == box.width && part.height == box.height)
        precondition(part.channels == channels && part.depth == depth)
        if box.width == width, box.height == height {
            samples = part.samples
            return
        }
        let length = box.width * channels
        let (x, y, width, channels) = (box.x, box.y, width, channels)
        samples.withUnsafeMutableBufferPointer { samples in
            part.samples.withUnsafeBufferPointer { part in
                for row in 0..<box.height {
                    let start = ((y + row) * width + x) * channels
                    _ = UnsafeMutableBufferPointer(rebasing: samples[start...])
                        .update(from: part[row * length..<(row + 1) * length])
                }
            }
        }
    }
}

extension Mask {
    /// The part of the mask in a box, which is inside.
    public func cropped(to box: Box) -> Mask {
        cropped(x: box.x, y: box.y, width: box.width, height: box.height)
    }

    /// What holds all that is not black; nil without any.
    public var bounds: Box? {
        let found = values.withUnsafeBufferPointer { values in
            nonisolated(unsafe) let values = values
            return Bands.map(of: height) { rows in
                var (left, right, top, bottom) = (width, -1, height, -1)
                for y in rows {
                    let row = values[y * width..<(y + 1) * width]
                    guard row.contains(where: { $0 > 0 }) else { continue }
                    (top, bottom) = (min(top, y), y)
                    if let first = row[..<(row.startIndex + left)].firstIndex(where: { $0 > 0 }) {
                        left = first - row.startIndex
                    }
                    if let last = row[(row.startIndex + right + 1)...].lastIndex(where: { $0 > 0 })
                    {
                        right = last - row.startIndex
                    }
                }
                return (left: left, right: right, top: top, bottom: bottom)
            }
        }
        let (left, right) = (found.map(\.left).min() ?? width, found.map(\.right).max() ?? -1)
        let (top, bottom) = (found.map(\.top).min() ?? height, found.map(\.bottom).max() ?? -1)
        guard right >= 0 else { return nil }
        return Box(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
    }

    /// 255 wherever anything is not black.
    public var support: Mask { thresholded(at: 1) }

    /// The mask where `other` is not black, black elsewhere; both of one size.
    public func limited(to other: Mask) -> Mask {
        combined(with: other) { $1 > 0 ? $0 : 0 }
    }

    /// The darker of both, pixel by pixel; both of one size.
    public func darkened(by other: Mask) -> Mask {
        combined(with: other) { min($0, $1) }
    }

    /// Each value times `factor`, at most 255.
    public func brightened(by factor: Int) -> Mask {
        mapping { UInt8(min(Int($0) * factor, 255)) }
    }
}
