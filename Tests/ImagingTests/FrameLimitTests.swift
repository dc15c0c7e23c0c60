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
