import Files
import Foundation
import Testing

struct DigestTests {
    /// The example of FIPS 180-2, appendix B.1, and of RFC 1321, appendix A.5.
    @Test func abcHashesAsPublished() {
        #expect(
            Digest.sha256(Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let md5 = Digest(.md5)
        md5.update(Array("abc".utf8))
        #expect(md5.hexadecimal() == "900150983cd24fb0d6963f7d28e17f72")
    }

    @Test func partsHashAsTheWhole() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let digest = Digest(.sha256)
        for start in stride(from: 0, to: bytes.count, by: 999) {
            digest.update(bytes[start..<min(start + 999, bytes.count)])
        }
        let whole = Digest.sha256(bytes)
        #expect(digest.hexadecimal() == whole)
        let file = FileManager.default.temporaryDirectory
            .appending(path: "gesso-digest-\(UInt64.random(in: .min ... .max))")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        #expect(try Digest.sha256(file: file) == whole)
        #expect(try Digest.sha256(file: file, from: 50) == Digest.sha256(bytes[50...]))
        #expect(throws: FileError.self) { try Digest.sha256(file: file.appending(path: "x")) }
    }

    @Test(arguments: [
        (["XDG_CACHE_HOME": "/c", "HOME": "/h"], "/c"),
        (["XDG_CACHE_HOME": "relative", "HOME": "/h"], "/h/.cache"),
        (["HOME": "/h"], "/h/.cache"),
    ]) func cachesFollowXDG(_ environment: [String: String], _ path: String) {
        let folder = cacheFolder(environment)?.path(percentEncoded: false)
        #expect(folder?.hasPrefix(path) == true)
        #expect(folder?.trimmingCharacters(in: ["/"]) == path.trimmingCharacters(in: ["/"]))
    }

    @Test func withoutAHomeThereIsNoCache() {
        #expect(cacheFolder([:]) == nil)
    }
}
