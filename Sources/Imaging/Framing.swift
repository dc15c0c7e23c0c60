extension Image {
    /// The picture with its last column and row repeated until both sides are multiples of
    /// `multiple`. ``cropped(x:y:width:height:)`` to the old size undoes it.
    public func padded(toMultipleOf multiple: Int) -> Image {
        let (newWidth, newHeight) = roundedUp(width, height, to: multiple)
        return framed(x: 0, y: 0, width: newWidth, height: newHeight)
    }

    /// The part of the picture from column x and row y on. It must lie inside. Metadata is kept.
    public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> Image {
        precondition(x >= 0 && y >= 0 && x + newWidth <= width && y + newHeight <= height)
        return framed(x: x, y: y, width: newWidth, height: newHeight)
    }

    /// Any frame; outside the picture the nearest pixel of it is repeated.
    func framed(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> Image {
        if x == 0 && y == 0 && newWidth == width && newHeight == height { return self }
        let framed = framing(
            samples, width: width, height: height, channels: channels, x: x, y: y,
            newWidth: newWidth, newHeight: newHeight)
        return Image(
            width: newWidth, height: newHeight, channels: channels, depth: depth, samples: framed,
            metadata: metadata)
    }
}

extension Image {
    /// Whether a size is that of the pixels as the picture's JPEG stores them, on their side, and not that of the
    /// picture: what was drawn by a program that passes over EXIF has it.
    public func isStored(withWidth width: Int, height: Int) -> Bool {
        orientation(ofStoredWidth: width, height: height) != nil
    }

    /// How the picture was turned upright from pixels of a size; nil where it was not, or is on another canvas.
    fileprivate func orientation(
        ofStoredWidth storedWidth: Int, height storedHeight: Int
    ) -> Orientation? {
        guard let source = metadata.jpegSource, source.orientation.swapsSides, width != height,
            (source.width, source.height) == (width, height),
            (storedWidth, storedHeight) == (height, width)
        else { return nil }
        return source.orientation
    }
}

extension Mask {
    /// The mask with its last column and row repeated until both sides are multiples of
    /// `multiple`.
    public func padded(toMultipleOf multiple: Int) -> Mask {
        let (newWidth, newHeight) = roundedUp(width, height, to: multiple)
        return framed(x: 0, y: 0, width: newWidth, height: newHeight)
    }

    /// The part of the mask from column x and row y on. It must lie inside.
    public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> Mask {
        precondition(x >= 0 && y >= 0 && x + newWidth <= width && y + newHeight <= height)
        return framed(x: x, y: y, width: newWidth, height: newHeight)
    }

    private func framed(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> Mask {
        let framed = framing(
            values, width: width, height: height, channels: 1, x: x, y: y, newWidth: newWidth,
            newHeight: newHeight)
        return Mask(width: newWidth, height: newHeight, values: framed)
    }

    /// The mask if it has the size of the picture, turned as the picture was if it has the size that is
    /// stored; otherwise resized to it (Lanczos, as diffusers does), or an error if that is not wanted.
    ///
    /// - Throws: ``ImagingError/sizesDiffer(what:width:height:expectedWidth:expectedHeight:)``.
    public func fitted(to image: Image, resizing: Bool, name: String = "the mask") throws -> Mask {
        if width == image.width && height == image.height { return self }
        if let orientation = image.orientation(ofStoredWidth: width, height: height) {
            return turned(orientation)
        }
        guard resizing else {
            throw ImagingError.sizesDiffer(
                what: name, width: width, height: height, expectedWidth: image.width,
                expectedHeight: image.height)
        }
        return resized(width: image.width, height: image.height)
    }
}

private func roundedUp(_ width: Int, _ height: Int, to multiple: Int) -> (Int, Int) {
    precondition(multiple > 0)
    func up(_ size: Int) -> Int { (size + multiple - 1) / multiple * multiple }
    return (up(width), up(height))
}

private func framing<Value: BitwiseCopyable>(
    _ values: [Value], width: Int, height: Int, channels: Int, x: Int, y: Int, newWidth: Int,
    newHeight: Int
) -> [Value] {
    let (length, newLength) = (width * channels, newWidth * channels)
    // The columns that are in the picture, counted in the frame.
    let inside =
        min(max(-x, 0), newWidth)..<max(min(width - x, newWidth), min(max(-x, 0), newWidth))
    return [Value](count: newLength * newHeight) { buffer in
        values.withUnsafeBufferPointer { values in
            for row in 0..<newHeight {
                let start = min(max(row + y, 0), height - 1) * length
                let target = row * newLength
                if !inside.isEmpty {
                    let from = start + (inside.lowerBound + x) * channels
                    _ = UnsafeMutableBufferPointer(
                        rebasing: buffer[(target + inside.lowerBound * channels)...]
                    ).update(from: values[from..<from + inside.count * channels])
                }
                for column in 0..<newWidth where !inside.contains(column) {
                    let from = start + min(max(column + x, 0), width - 1) * channels
                    for c in 0..<channels {
                        buffer[target + column * channels + c] = values[from + c]
                    }
                }
            }
        }
    }
}
