import Credentials
import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// Files that were made to look signed.
@Suite struct ForgeryTests {
    private func box(_ type: String, _ payload: Data) -> Data {
        let length = UInt32(payload.count + 8)
        return Data((0..<4).map { UInt8(length >> (24 - 8 * $0) & 0xFF) }) + type.utf8 + payload
    }

    private func superbox(_ letters: String, _ label: String, _ contents: [Data]) -> Data {
        var description = Data(letters.utf8)
        description += [0, 0x11, 0, 0x10, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71, 3]
        description += Data(label.utf8)
        description.append(0)
        return box("jumb", contents.reduce(box("jumd", description)) { $0 + $1 })
    }

    /// The boxes in a superbox, its description first.
    private func parts(_ superbox: Data) -> [Data] {
        var (rest, found): (Data, [Data]) = (superbox.dropFirst(8), [])
        while !rest.isEmpty {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            found.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return found
    }

    private func label(_ superbox: Data) -> String {
        String(decoding: parts(superbox)[0].dropFirst(25).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The same with the boxes of a label replaced.
    private func replacing(_ name: String, in superbox: Data, _ change: (Data) -> Data) -> Data {
        let parts = parts(superbox)
        return box(
            "jumb",
            parts.dropFirst().reduce(parts[0]) { $0 + (label($1) == name ? change($1) : $1) })
    }

    /// Other pixels under a record that was signed for some, with the hash of these. A manifest that no other refers to,
    /// which anyone can write, says that the hash was taken out.
    @Test(arguments: [true, false])
    func anotherPictureIsNotTheSignedOne(_ redacts: Bool) throws {
        let (signer, root) = try Keys.signer()
        let signed = try StoreTests.signed(
            StoreTests.draft(), StoreTests.picture().encoded(as: .png), .png, signer)
        #expect(StoreTests.report(signed, [root])?.state == .trusted)
        let store = try #require(EmbeddedManifest(in: signed)).store
        let place = ManifestPlace(in: try StoreTests.picture(200).encoded(as: .png), .png)

        func forged(_ hash: Data, _ start: Int, _ length: Int) -> Data {
            let exclusion = CBOR.object(["start": CBOR(start), "length": CBOR(length)])
            let value = CBOR.object([
                "exclusions": [exclusion], "name": "jumbf manifest", "alg": "sha256",
                "hash": .bytes(hash),
            ])
            let hashes = superbox("cbor", "c2pa.hash.data", [box("cbor", value.encoded)])
            let manifest = replacing("c2pa.assertions", in: parts(store)[1]) {
                replacing("c2pa.hash.data", in: $0) { _ in hashes }
            }
            let taken: CBOR = .text(
                "self#jumbf=/c2pa/\(StoreTests.draft().label)/c2pa.assertions/c2pa.hash.data")
            let claim = CBOR.object(["redacted_assertions": [taken]])
            let other = superbox(
                "c2ma", "urn:c2pa:00000000-0000-4000-8000-000000000000",
                [
                    superbox("c2as", "c2pa.assertions", []),
                    superbox("c2cl", "c2pa.claim.v2", [box("cbor", claim.encoded)]),
                ])
            return box("jumb", parts(store)[0] + (redacts ? other : Data()) + manifest)
        }
        var (hash, start, length) = (Data(count: 32), 0, 0)
        for _ in 0..<3 {
            let around = place.around(forged(hash, start, length).count)
            (start, length) = (around.before.count, around.length)
            let digest = Digest(.sha256)
            digest.update(around.before)
            digest.update(around.after)
            hash = digest.bytes()
        }
        let file = place.file(with: forged(hash, start, length))
        let report = try #require(StoreTests.report(file, [root]))
        #expect(report.label == StoreTests.draft().label)
        #expect(report.state == .invalid)
        #expect(report.failures.map(\.code) == ["assertion.hashedURI.mismatch"])
    }

    /// A hash of all but the picture says nothing of it.
    @Test func whatIsLeftOutIsBesideThePicture() throws {
        let signed = try StoreTests.signed(
            StoreTests.draft(), StoreTests.picture().encoded(as: .png), .png,
            Keys.signer().signer)
        let blocks = try #require(EmbeddedManifest(in: signed)).blocks
        func isBeside(_ range: Range<Int>, _ file: Data) -> Bool {
            ListedBoxes.areBesidePicture([range], in: file, blocks)
        }
        let samples = try #require(signed.range(of: Data("IDAT".utf8)))
        #expect(!isBeside(samples.upperBound..<samples.upperBound + 4, signed))
        #expect(!isBeside(blocks.upperBound..<signed.count, signed))
        #expect(isBeside(signed.count..<signed.count + 9, signed + Data(count: 9)))
        // Of other formats the parts are not known.
        let webp = try StoreTests.picture().encoded(as: .webp)
        #expect(!isBeside(webp.count - 4..<webp.count, webp))
    }
}
