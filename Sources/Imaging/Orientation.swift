extension Image {
    /// The picture turned upright from how it was stored.
    func turned(_ orientation: Orientation) -> Image {
        if orientation == .upright { return self }
        let swapsSides = orientation.swapsSides
        let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)
        let steps = steps(orientation)
        let turned = [UInt16](unsafeUninitializedCapacity: samples.count) { buffer, count in
            samples.withUnsafeBufferPointer { samples in
                var to = 0
                for y in 0..<newHeight {
                    var from = steps.start + y * steps.down
                    for _ in 0..<newWidth {
                        for c in 0..<channels { buffer[to + c] = samples[from + c] }
                        from += steps.across
                        to += channels
                    }
                }
            }
            count = samples.count
        }
        var metadata = metadata
        if swapsSides { metadata.jpegCoding = metadata.jpegCoding?.transposed }
        return Image(
            width: newWidth, height: newHeight, channels: channels, depth: depth, samples: turned,
            metadata: metadata)
    }

    /// Which stored sample the upright picture begins with, and how far the next pixel and the next row
    /// are from it.
    private func steps(_ orientation: Orientation) -> (start: Int, across: Int, down: Int) {
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
}

extension Orientation {
    /// Whether rows become columns.
    var swapsSides: Bool { rawValue >= Orientation.transposed.rawValue }
}

extension JPEGCoding {
    /// For the picture with its rows and columns exchanged.
    fileprivate var transposed: JPEGCoding {
        JPEGCoding(
            components: components.map { component in
                Component(
                    horizontal: component.vertical, vertical: component.horizontal,
                    table: component.table.indices.map { component.table[$0 % 8 * 8 + $0 / 8] })
            },
            density: density.count == 3 ? [density[0], density[2], density[1]] : density)
    }
}
