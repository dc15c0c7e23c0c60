import Foundation
package import Imaging

/// A photo that was painted over at a smaller size, made large again with the photo's own fine detail
/// where the painting kept its structure.
///
/// With the photo P, its smaller copy p, the painting e of that size, and ↑ for Lanczos' enlargement,
///
///     result = ↑e + ↑k · (P - ↑p)
///
/// P - ↑p is the detail that p does not hold. k is 1 where e has the structure of p, whatever its colour
/// and light, so that the result is P + ↑(e - p): the photo, moved by the difference at the low
/// frequencies. k is 0 where e shows something else. It is computed on lumas in 0...1 with
/// means under a Gaussian of two pixels: with their variances v and covariance c,
///
///     s = (c + C) / √((v(p) + C) (v(e) + C))       g = min(1, √((v(e) + C) / (v(p) + C)))
///
/// s is the structure term of SSIM with its constant C = 0.03² / 2 (Wang et al. 2004, eq. 10), and g how
/// much of the contrast is left; k = g · smoothstep(0.3, 0.8, s).
package struct PhotoDetail {
    private let photo: Image
    /// p and e, 16-bit RGB in sRGB.
    private let worked: Image
    private let painted: Image
    /// k, 16-bit grey.
    private let kept: Image

    /// - Parameters:
    ///   - photo: P.
    ///   - worked: p, what the model was given.
    ///   - painted: e, of the size of p.
    package init(of photo: Image, worked: Image, painted: Image) {
        self.photo = photo
        self.worked = worked.inSRGB.converted(channels: 3, depth: 16)
        self.painted = painted.inSRGB.converted(channels: 3, depth: 16)
        kept = Structure(self.worked).kept(in: Structure(self.painted))
    }

    /// A part of the result, 16-bit RGB in sRGB, of the photo's size.
    package func enlarged(_ part: Box) -> Image {
        func large(_ image: Image, _ filter: ResamplingFilter = .lanczos) -> [UInt16] {
            image.resized(width: photo.width, height: photo.height, filter: filter, part: part)
                .samples
        }
        let (before, after, share) = (large(worked), large(painted), large(kept, .bilinear))
        var result = photo.cropped(to: part).inSRGB.converted(channels: 3, depth: 16)
        result.samples.withUnsafeMutableBufferPointer { samples in
            for pixel in share.indices {
                let share = Float(share[pixel]) / 65535
                for place in 3 * pixel..<3 * pixel + 3 {
                    let detail = Float(samples[place]) - Float(before[place])
                    let sum = Float(after[place]) + share * detail
                    samples[place] = UInt16(min(max(sum, 0), 65535).rounded())
                }
            }
        }
        return result
    }
}

/// The local structure of a picture: its lumas in 0...1, with their means and variances.
private struct Structure {
    let width: Int
    let height: Int
    let luma: [Float]
    let mean: [Float]
    let variance: [Float]

    /// - Parameter image: 16-bit RGB.
    init(_ image: Image) {
        (width, height) = (image.width, image.height)
        luma = image.converted(channels: 1, depth: 16).samples.map { Float($0) / 65535 }
        mean = Self.blurred(luma, width, height)
        variance = zip(Self.blurred(luma.map { $0 * $0 }, width, height), mean).map {
            max($0 - $1 * $1, 0)
        }
    }

    /// How much of this structure another picture of the same size has kept, as 16-bit grey.
    func kept(in other: Structure) -> Image {
        let constant: Float = 0.03 * 0.03 / 2
        let products = Self.blurred(zip(luma, other.luma).map(*), width, height)
        let samples = products.indices.map { place -> UInt16 in
            let covariance = products[place] - mean[place] * other.mean[place]
            let (own, others) = (variance[place] + constant, other.variance[place] + constant)
            let likeness = (covariance + constant) / (own * others).squareRoot()
            let contrast = min((others / own).squareRoot(), 1)
            let part = min(max((likeness - 0.3) / 0.5, 0), 1)
            return UInt16((contrast * part * part * (3 - 2 * part) * 65535).rounded())
        }
        return Image(width: width, height: height, channels: 1, depth: 16, samples: samples)
    }

    /// Values under a Gaussian of two pixels; beyond the edges these go on.
    private static func blurred(_ values: [Float], _ width: Int, _ height: Int) -> [Float] {
        let reach = 6
        let weights = (-reach...reach).map { exp(-Float($0 * $0) / 8) }
        let kernel = weights.map { $0 / weights.reduce(0, +) }
        func pass(_ values: [Float], _ stride: Int, _ count: Int, _ lines: [Int]) -> [Float] {
            var result = values
            for line in lines {
                for place in 0..<count {
                    var sum: Float = 0
                    for k in -reach...reach {
                        let from = min(max(place + k, 0), count - 1)
                        sum += kernel[k + reach] * values[line + from * stride]
                    }
                    result[line + place * stride] = sum
                }
            }
            return result
        }
        let across = pass(values, 1, width, (0..<height).map { $0 * width })
        return pass(across, width, height, Array(0..<width))
    }
}

extension Box {
    /// Rows of the box, counted from its own top left, of about so many pixels each.
    func bands(pixels: Int) -> [Box] {
        let rows = max(pixels / width, 1)
        return stride(from: 0, to: height, by: rows).map {
            Box(x: 0, y: $0, width: width, height: min(rows, height - $0))
        }
    }

    /// A box of a part of `whole`, counted from that, with so many pixels more on each side as are
    /// inside; counted as `whole` is.
    func widened(by more: Int, within whole: Box) -> Box {
        let (left, top) = (max(x - more, 0), max(y - more, 0))
        return Box(
            x: whole.x + left, y: whole.y + top,
            width: min(x + width + more, whole.width) - left,
            height: min(y + height + more, whole.height) - top)
    }
}
