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
    let painted = generated.inColors(of: original)
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
