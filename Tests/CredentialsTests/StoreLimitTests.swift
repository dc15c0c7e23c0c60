import Credentials
import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// The limits on stores of credentials, each just reached and just passed (Limits.md).
@Suite struct StoreLimitTests {
    private func box(_ type: String, _ payload: Data) -> Data {
        let length = UInt32(payload.count + 8)
        return Data((0..<4).map { UInt8(length >> (24 - 8 * $0) & 0xFF) }) + type.utf8 + payload
    }

    private func superbox(_ contents: Data) -> Data {
        let kind = Data("c2pa".utf8) + Data(repeating: 0, count: 12)
        return box("jumb", box("jumd", kind + [3] + "c2pa".utf8 + [0]) + contents)
    }

    @Test func boxesHaveADepth() {
        func nested(_ depth: Int) -> Data {
            (0..<depth).reduce(Data()) { inner, _ in superbox(inner) }
        }
        #expect(JUMBFBox(decoding: nested(8)) != nil)
        #expect(JUMBFBox(decoding: nested(9)) == nil)
    }

    @Test func boxesHaveANumber() {
        func row(_ count: Int) -> Data {
            let empty = box("free", Data())
            return superbox((0..<count).reduce(into: Data()) { all, _ in all += empty })
        }
        #expect(JUMBFBox(decoding: row(10_000)) != nil)
        #expect(JUMBFBox(decoding: row(10_001)) == nil)
    }

    @Test func valuesHaveADepth() {
        #expect(CBOR(decoding: Data(repeating: 0x81, count: 32) + [0]) != nil)
        #expect(CBOR(decoding: Data(repeating: 0x81, count: 33) + [0]) == nil)
    }

    /// The list is a value, too.
    @Test func valuesHaveANumber() {
        func list(_ count: Int) -> Data {
            Data([0x9A]) + (0..<4).map { UInt8(count >> (24 - 8 * $0) & 0xFF) }
                + Data(repeating: 0, count: count)
        }
        #expect(CBOR(decoding: list(999_999)) != nil)
        #expect(CBOR(decoding: list(1_000_000)) == nil)
    }

    /// A store of 64 MiB, most of it in a box that nothing is read from, and one byte more.
    @Test func aStoreHasSoManyBytes() throws {
        let file = try Data(contentsOf: Fixtures.folder.appending(path: "Credentials/png.png"))
        let store = try #require(EmbeddedManifest(in: file)).store
        let described = 8 + store.dropFirst(8).prefix(4).reduce(0) { $0 << 8 | Int($1) }
        for (extra, isRead) in [(0, true), (1, false)] {
            let free = box("free", Data(count: 64 << 20 - store.count - 8 + extra))
            let filled = box(
                "jumb", store.dropFirst(8).prefix(described - 8) + free + store.dropFirst(described)
            )
            #expect(filled.count == 64 << 20 + extra)
            #expect((ManifestStore(decoding: filled) != nil) == isRead)
        }
    }

    private func exclusion(_ depth: Int) -> CBOR {
        .object(["xpath": .text(String(repeating: "/meta", count: depth))])
    }

    @Test func theHashOfBoxesHasLimits() {
        func isRead(_ exclusions: [CBOR]) -> Bool {
            BoxHash(.object(["exclusions": .array(exclusions)])) != nil
        }
        #expect(isRead([exclusion(8)]))
        #expect(!isRead([exclusion(9)]))
        #expect(isRead(Array(repeating: exclusion(1), count: 100)))
        #expect(!isRead(Array(repeating: exclusion(1), count: 101)))
        let row = { (count: Int) in
            Data((0..<count).flatMap { _ in self.box("free", Data()) })
        }
        #expect(BoxHash.pictureData(of: row(100_000)) != nil)
        #expect(BoxHash.pictureData(of: row(100_001)) == nil)
    }

    /// An exclusion with 99 parts costs a hundred comparisons for each box.
    @Test func exclusionsAreHeldAgainstSoManyBoxes() throws {
        let nothing = CBOR.object(["offset": 0, "length": 0])
        let hash = try #require(
            BoxHash(
                .object([
                    "exclusions": [
                        .object([
                            "xpath": "/free",
                            "subset": .array(Array(repeating: nothing, count: 99)),
                        ])
                    ]
                ])))
        for (count, isHashed) in [(10_000, true), (10_001, false)] {
            let row = Data((0..<count).flatMap { _ in box("free", Data()) })
            #expect((hash.digest(of: [(0, row)], .sha256) != nil) == isHashed)
        }
    }

    /// Bytes in a million parts are joined once, not anew for each.
    @Test func bytesMayComeInManyParts() {
        let parts = Data((0..<499_999).flatMap { [0x41, UInt8(truncatingIfNeeded: $0)] })
        let value = CBOR(decoding: Data([0x5F]) + parts + [0xFF])
        let bytes = Data((0..<499_999).map { UInt8(truncatingIfNeeded: $0) })
        #expect(value == .bytes(bytes))
    }

    @Test func hashesOfPartsHaveLimits() {
        func tree(_ place: Int, _ parts: Int = 1) -> CBOR {
            .object([
                "localId": .unsigned(UInt64(place)), "count": .unsigned(UInt64(parts)),
                "hashes": .array([.bytes(Data(count: 32))]), "fixedBlockSize": .unsigned(8),
            ])
        }
        #expect(PartHashes((0..<1000).map { tree($0) }) != nil)
        #expect(PartHashes((0..<1001).map { tree($0) }) == nil)
        #expect(PartHashes([tree(0, 1_000_000)]) != nil)
        #expect(PartHashes([tree(0, 1_000_001)]) == nil)
    }

    @Test func aListOfPartsHasALength() {
        func list(_ count: Int) -> CBOR {
            func entry(_ name: String) -> CBOR {
                .object(["names": .array([.text(name)]), "hash": .bytes(Data(count: 32))])
            }
            let parts = [entry("C2PA")] + Array(repeating: entry("IDAT"), count: count - 1)
            return .object(["boxes": .array(parts)])
        }
        #expect(ListedBoxes(list(100_000)) != nil)
        #expect(ListedBoxes(list(100_001)) == nil)
    }

    /// Two references are the actions' and the file's.
    @Test func aClaimHasSoManyReferences() throws {
        let (signer, _) = try Keys.signer()
        let plain = try StoreTests.picture().encoded(as: .png)
        for (count, isRead) in [(1998, true), (1999, false)] {
            var draft = StoreTests.draft()
            draft.ingredients = (0..<count).map { number in
                Ingredient(
                    .inputTo, title: "\(number)", mediaType: "image/png",
                    hash: Data([UInt8(number >> 8), UInt8(number & 255)]), provenance: nil)
            }
            let file = try StoreTests.signed(draft, plain, .png, signer)
            let report = try #require(StoreTests.report(file))
            #expect(
                report.findings.contains { $0.explanation == "it has too many references" }
                    != isRead, "\(report.failures)")
        }
    }

    /// Each result is made from the one before: of the last one's ingredients so many are checked.
    @Test func aChainHasALength() throws {
        let (signer, _) = try Keys.signer()
        let plain = try StoreTests.picture().encoded(as: .png)
        var file = try StoreTests.signed(StoreTests.draft(0), plain, .png, signer)
        func isCut() throws -> Bool {
            try #require(StoreTests.report(file)).deltas.flatMap(\.findings).contains {
                $0.explanation == "the chain is longer than 32"
            }
        }
        for number in UInt8(1)...34 {
            var draft = StoreTests.draft(number)
            draft.ingredients = [
                Ingredient(
                    .parentOf, title: nil, mediaType: "image/png", hash: Data([number]),
                    provenance: StoreTests.report(file))
            ]
            var opened = Action(.opened)
            opened.ingredients = [0]
            draft.actions = [opened]
            file = try StoreTests.signed(draft, plain, .png, signer)
            #expect(try isCut() == (number > 32), "\(number)")
        }
    }
}
