/// Puts generated pixels into a picture where the mask says so.
///
/// Where the mask is 0 the samples are the original's, bit for bit; where it is 255 they are the
/// generated ones; between, both are mixed in proportion and rounded. The result has the original's
/// channels, depth, alpha and metadata: generated colours become luma for a grey original, and 16
/// bit by `* 257`.
///
/// - Parameters:
///   - original: Any picture.
///   - generated: 8-bit RGB of the same size.
///   - mask: Of the same size.
public func composite(original: Image, generated: Image, mask: Mask) -> Image {
    precondition(generated.width == original.width && generated.height == original.height)
    precondition(mask.width == original.width && mask.height == original.height)
    let painted = generated.converted(channels: original.isGrey ? 1 : 3, depth: original.depth)
    let colors = painted.channels
    var result = original
    result.samples.withUnsafeMutableBufferPointer { samples in
        for (pixel, share) in mask.values.enumerated() where share > 0 {
            for c in 0..<colors {
                let position = pixel * original.channels + c
                samples[position] = mix(
                    samples[position], painted.samples[pixel * colors + c], share)
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
