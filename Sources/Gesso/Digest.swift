import Crypto
package import Foundation
package import Imaging

/// SHA-256 in lower-case hexadecimal.
package enum Digest {
    package static func of(_ data: some DataProtocol) -> String {
        text(SHA256.hash(data: data))
    }

    /// Of a file of any size, from a place in it on.
    ///
    /// - Throws: `GessoError` with `cannotRead`.
    package static func of(file: URL, from start: UInt64 = 0) throws -> String {
        var hash = SHA256()
        do {
            let handle = try FileHandle(forReadingFrom: file)
            try handle.seek(toOffset: start)
            while let part = try handle.read(upToCount: 4 << 20), !part.isEmpty {
                hash.update(data: part)
            }
        } catch {
            throw GessoError(
                .cannotRead, "reading failed", at: file.path(percentEncoded: false),
                do: "see that it is there and readable")
        }
        return text(hash.finalize())
    }

    /// Of a picture's samples: rows from the top, channels side by side, one byte each at 8 bit and
    /// two, the higher one first, at 16. So it is the hash of what any reader has of a PNG.
    package static func of(pixels image: Image) -> String {
        var hash = SHA256()
        let row = image.width * image.channels
        for start in stride(from: 0, to: image.samples.count, by: row) {
            let samples = image.samples[start..<start + row]
            hash.update(
                data: image.depth == 8
                    ? samples.map { UInt8(truncatingIfNeeded: $0) }
                    : samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
        }
        return text(hash.finalize())
    }

    private static func text(_ digest: SHA256.Digest) -> String {
        digest.map { String(format: "%02x", $0) }.joined()
    }
}
