extension Image {
    /// The picture turned upright from how it was stored.
    func turned(_ orientation: Orientation) -> Image {
        if orientation == .upright { return self }
        let swapsSides = orientation.swapsSides
        let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)
        let turned = [UInt16](unsafeUninitializedCapacity: samples.count) { buffer, count in
            for y in 0..<newHeight {
                for x in 0..<newWidth {
                    let (sourceX, sourceY) = source(ofX: x, y: y, orientation)
                    let from = (sourceY * width + sourceX) * channels
                    let to = (y * newWidth + x) * channels
                    for c in 0..<channels { buffer[to + c] = samples[from + c] }
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

    /// Where the upright pixel at x, y lies in the stored picture.
    private func source(ofX x: Int, y: Int, _ orientation: Orientation) -> (x: Int, y: Int) {
        switch orientation {
        case .upright: (x, y)
        case .mirrored: (width - 1 - x, y)
        case .turnedHalf: (width - 1 - x, height - 1 - y)
        case .flipped: (x, height - 1 - y)
        case .transposed: (y, x)
        case .turnedRight: (y, height - 1 - x)
        case .transversed: (width - 1 - y, height - 1 - x)
        case .turnedLeft: (width - 1 - y, x)
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
