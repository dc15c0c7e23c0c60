/// Puts generated pixels into a picture where the mask says so.
///
/// Where the mask is 0 the samples are the original's, bit for bit; where it is 255 they are the
/// generated ones; between, both are mixed in proportion and rounded. The result has the original's
/// channels, depth, alpha and metadata: generated colours go from sRGB to the original's profile,
/// become luma for a grey original without one, and 16 bit by `* 257`.
///
/// - Parameters:
///   - original: Any picture.
///   - generated: of the same size; without a profile it is sRGB, with the original's it is taken as
///     it is.
///   - mask: Of the same size.
public func composite(original: Image, generated: Image, mask: Mask) -> Image {
    precondition(generated.width == original.width && generated.height == original.height)
    precondition(mask.width == original.width && mask.height == original.height)
    guard let box = mask.bounds else { return original }
    let painted = generated.cropped(to: box).inColors(of: original)
    let (width, channels, colors) = (original.width, original.channels, painted.channels)
    var result = original
    result.samples = [UInt16](count: original.samples.count) { samples in
        nonisolated(unsafe) let samples = samples
        original.samples.withUnsafeBufferPointer { old in
            nonisolated(unsafe) let old = old
            Bands.forEach(of: original.height) { rows in
                let range = rows.lowerBound * width * channels..<rows.upperBound * width * channels
                _ = UnsafeMutableBufferPointer(rebasing: samples[range])
                    .initialize(from: old[range])
            }
        }
        Bands.forEach(of: box.height) { rows in
            for y in rows {
                for x in 0..<box.width {
                    let pixel = (box.y + y) * width + box.x + x
                    let share = mask.values[pixel]
                    guard share > 0 else { continue }
                    for c in 0..<colors {
                        let place = pixel * channels + c
                        samples[place] = mix(
                            samples[place],
                            painted.samples[(y * box.width + x) * colors + c], share)
                    }
                }
            }
        }
    }
    return result
}

/// `share / 255` of the new value, the rest of the old one.
@inline(__always)
private func mix(_ old: UInt16, _ new: UInt16, _ share: UInt8) -> UInt16 {
    let sum = UInt32(old) * UInt32(255 - share) + UInt32(new) * UInt32(share)
    return UInt16((sum + 127) / 255)
}
