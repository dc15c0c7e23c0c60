package import Files
import Foundation
package import Imaging

extension Digest {
    /// SHA-256 of a picture's samples: rows from the top, interleaved channels, one byte each at 8 bit
    /// and two, the higher one first, at 16: the hash of what any reader decodes from a PNG.
    package static func of(pixels image: Image) -> String {
        let digest = Digest(.sha256)
        let row = image.width * image.channels
        for start in stride(from: 0, to: image.samples.count, by: row) {
            let samples = image.samples[start..<start + row]
            digest.update(
                image.depth == 8
                    ? samples.map { UInt8(truncatingIfNeeded: $0) }
                    : samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
        }
        return digest.hexadecimal()
    }
}
