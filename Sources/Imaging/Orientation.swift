extension Image {
    /// The picture turned upright from how it was stored.
    func turned(_ orientation: Orientation) -> Image {
        if orientation == .upright { return self }
        let swapsSides = orientation.swapsSides
        let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)
        let turned = turning(samples, width, height, channels, orientation)
        var metadata = metadata
        if swapsSides {
            metadata.jpegCoding = metadata.jpegCoding?.transposed
            metadata.resolution = metadata.resolution?.transposed
        }
        return Image(
            width: newWidth, height: newHeight, channels: channels, depth: depth, samples: turned,
            metadata: metadata)
    }
}

extension Mask {
    /// The mask turned as a picture is.
    func turned(_ orientation: Orientation) -> Mask {
        if orientation == .upright { return self }
        let swaps = orientation.swapsSides
        return Mask(
            width: swaps ? height : width, height: swaps ? width : height,
            values: turning(values, width, height, 1, orientation))
    }
}

/// Values turned upright from how they were stored.
private func turning<Value: BitwiseCopyable & Sendable>(
    _ values: [Value], _ width: Int, _ height: Int, _ channels: Int, _ orientation: Orientation
) -> [Value] {
    let swaps = orientation.swapsSides
    let (newWidth, newHeight) = swaps ? (height, width) : (width, height)
    let steps = steps(orientation, width, height, channels)
    return values.withUnsafeBufferPointer { values in
        nonisolated(unsafe) let values = values
        return [Value].rows(newHeight, of: newWidth * channels) { rows, turned in
            func move(_ x: Int, _ y: Int) {
                let from = steps.start + y * steps.down + x * steps.across
                let to = (y * newWidth + x) * channels
                for c in 0..<channels { turned[to + c] = values[from + c] }
            }
            // What is stored side by side is read together.
            if swaps {
                for x in 0..<newWidth { for y in rows { move(x, y) } }
            } else {
                for y in rows { for x in 0..<newWidth { move(x, y) } }
            }
        }
    }
}

/// Which stored value the upright picture begins with, and how far the next pixel and the next row are from it.
private func steps(
    _ orientation: Orientation, _ width: Int, _ height: Int, _ channels: Int
) -> (start: Int, across: Int, down: Int) {
    let (pixel, row) = (channels, width * channels)
    let (right, bottom) = ((width - 1) * pixel, (height - 1) * row)
    return switch orientation {
    case .upright: (0, pixel, row)
    case .mirrored: (right, -pixel, row)
    case .turnedHalf: (right + bottom, -pixel, -row)
    case .flipped: (bottom, pixel, -row)
    case .transposed: (0, row, pixel)
    case .turnedRight: (bottom, -row, pixel)
    case .transversed: (right + bottom, -row, -pixel)
    case .turnedLeft: (right, row, -pixel)
    }
}

extension Orientation {
    /// Whether rows become columns.
    var swapsSides: Bool { rawValue >= Orientation.transposed.rawValue }
}

extension JPEGCoding {
    /// For the picture with its rows and columns exchanged.
    var transposed: JPEGCoding {
        JPEGCoding(
            components: components.map { component in
                Component(
                    horizontal: component.vertical, vertical: component.horizontal,
                    table: component.table.indices.map { component.table[$0 % 8 * 8 + $0 / 8] })
            })
    }
}
