import Foundation
import Imaging
import Testing

/// Limits on the boxes and directories in which a store of Content Credentials is looked for, each just
/// reached and just passed (Limits.md).
@Suite struct FrameLimitTests {
    private let store = Data("a store".utf8)

    private func big(_ number: Int) -> Data {
        Data((0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) })
    }

    private func box(_ type: String, _ payload: Data) -> Data {
        big(payload.count + 8) + Data(type.utf8) + payload
    }

    private func isFound(_ file: Data) -> Bool { EmbeddedManifest(in: file)?.store == store }

    @Test func soManyBoxesAreLookedAt() {
        let kind: [UInt8] = [
            0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E,
            0xC4, 0x81,
        ]
        let begin = box("ftyp", Data("avif\0\0\0\0avifmif1".utf8))
        let end = box(
            "uuid", Data(kind) + Data(count: 4) + Data("manifest\0".utf8) + Data(count: 8) + store)
        let empty = box("free", Data())
        func file(_ boxes: Int) -> Data {
            var file = begin
            for _ in 0..<boxes - 2 { file.append(empty) }
            return file + end
        }
        #expect(isFound(file(1_000_000)))
        #expect(!isFound(file(1_000_001)))
    }

    private func versioned(_ type: String, version: UInt8 = 0, _ payload: Data) -> Data {
        box(type, Data([version, 0, 0, 0]) + payload)
    }

    private func word(_ number: Int) -> Data { big(number).suffix(2) }

    private func error(of file: Data) -> ImagingError? {
        do {
            _ = try Image(decoding: file, name: "a")
            return nil
        } catch {
            return error as? ImagingError
        }
    }

    /// Parts of an item that take no bytes in the file would be kept by the billion: 65535 for eight bytes.
    @Test func partsOfNoBytesAreNotCounted() throws {
        var items = Data()
        for item in 1...20_000 { items += word(item) + word(0) + word(65_535) }
        let places = versioned("iloc", word(0) + word(20_000) + items)
        let file =
            box("ftyp", Data("avif\0\0\0\0avifmif1".utf8))
            + versioned("meta", versioned("pitm", word(1)) + places)
        #expect(error(of: file) != nil)
    }

    /// The largest numbers that a parameter set of HEVC can have for its sides (ITU-T H.265, 7.3.2.2.1).
    @Test func sidesOfACodedPictureOfAnySize() throws {
        let sides = String(
            repeating: String(repeating: "0", count: 32) + String(repeating: "1", count: 32),
            count: 2)
        let bits =
            String(repeating: "0", count: 104) + "1010" + sides + String(repeating: "1", count: 20)
        let digits = Array(bits.utf8)
        let set: [UInt8] =
            [0x42, 0x01]
            + stride(from: 0, to: digits.count, by: 8).map { start in
                digits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 & 1) }
            }
        let code = box(
            "hvcC", Data(count: 22) + Data([1, 0x21]) + word(1) + word(set.count) + Data(set))
        let properties = box(
            "iprp", box("ipco", code) + versioned("ipma", big(1) + word(1) + Data([1, 1])))
        let kinds = versioned(
            "iinf",
            word(1) + versioned("infe", version: 2, word(1) + word(0) + Data("hvc1\0".utf8)))
        let file =
            box("ftyp", Data("heic\0\0\0\0heicmif1".utf8))
            + versioned("meta", versioned("pitm", word(1)) + kinds + properties)
        #expect("\(error(of: file) as Any)".contains("more pixels together"))
    }

    /// Tiles that share their bytes, each but for another first one: none of these is looked at more than once.
    @Test(arguments: [(1, false), (2, true), (20_000, true)])
    func tilesHaveNoMoreBytesThanTheFile(tiles: Int, isTooMuch: Bool) throws {
        let units = Data((0..<100_000).flatMap { _ in [0x12, 0x00] as [UInt8] })
        var (kinds, parts, items) = (Data(), Data(), Data())
        for item in 1...tiles + 1 {
            kinds += versioned(
                "infe", version: 2,
                word(item) + word(0) + Data((item == 1 ? "grid\0" : "av01\0").utf8))
            guard item > 1 else { continue }
            parts += word(item)
            items += word(item) + word(0) + word(1) + big(item) + big(units.count - item)
        }
        let references = versioned("iref", box("dimg", word(1) + word(tiles) + parts))
        let places = versioned("iloc", word(0x4400) + word(tiles) + items)
        let file =
            box("ftyp", Data("avif\0\0\0\0avifmif1".utf8)) + box("free", units)
            + versioned(
                "meta",
                versioned("pitm", word(1)) + versioned("iinf", word(tiles + 1) + kinds)
                    + references + places)
        #expect("\(error(of: file) as Any)".contains("more pixels together") == isTooMuch)
    }

    private func little(_ number: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    /// A TIFF of directories, each with so many tags; the last tag of the last one points at the store.
    private func tiff(directories: Int, tags: Int) -> Data {
        let size = 2 + 12 * tags + 4
        let end = 8 + directories * size
        var file: [UInt8] = Array("II*\0".utf8) + little(8, 4)
        for directory in 1...directories {
            file += little(tags, 2)
            for tag in 1...tags {
                let isStore = directory == directories && tag == tags
                file += little(isStore ? 52_545 : tag, 2) + little(7, 2)
                file += little(isStore ? store.count : 1, 4) + little(isStore ? end : 0, 4)
            }
            file += little(directory == directories ? 0 : 8 + directory * size, 4)
        }
        return Data(file) + store
    }

    @Test func aDirectoryHasSoManyTags() {
        #expect(isFound(tiff(directories: 1, tags: 4096)))
        #expect(!isFound(tiff(directories: 1, tags: 4097)))
    }

    @Test func soManyDirectoriesAreFollowed() {
        #expect(isFound(tiff(directories: 256, tags: 1)))
        #expect(!isFound(tiff(directories: 257, tags: 1)))
    }
}
