import Foundation
import Imaging
import Testing

/// What EXIF says of a photo, in TIFFs.
@Suite struct PhotoTagTests {
    private static let note = "its maker's notes are left out, for they cannot be moved"

    private static func little(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func entry(_ tag: Int, _ kind: Int, _ count: Int, _ value: Int) -> [UInt8] {
        little(tag, 2) + little(kind, 2) + little(count, 4) + little(value, 4)
    }

    /// A block with a directory of EXIF that has the date and makers' notes behind it.
    private static var withNotes: [UInt8] {
        let head: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0]
        let main = little(1, 2) + entry(0x8769, 4, 1, 26) + little(0, 4)
        let inner =
            little(2, 2) + entry(0x9000, 7, 4, 0x30_33_32_30) + entry(0x927C, 7, 12, 56)
            + little(0, 4)
        return head + main + inner + Array("MAKERS NOTES".utf8)
    }

    @Test func makersNotesAreNotMovedIntoATIFF() throws {
        var image = noise(width: 16, height: 8, channels: 3)
        image.metadata.exif = Self.withNotes
        for format in ImageFormat.written {
            let file = try image.encoded(as: format)
            let isKept = file.firstRange(of: Data("MAKERS NOTES".utf8)) != nil
            #expect(isKept == (format != .tiff))
            #expect(image.metadata.losses(in: format) == (isKept ? [] : [Self.note]))
            let back = try Image(decoding: file, name: "it").metadata
            let exif = try #require(back.exif)
            #expect(exif.firstRange(of: Array("0230".utf8)) != nil && back.losses.isEmpty)
        }
    }

    /// Nor out of one.
    @Test func makersNotesOfATIFFAreNamed() throws {
        var file = Array(try noise(width: 16, height: 8, channels: 3).encoded(as: .tiff))
        let first = Int(file[4]) | Int(file[5]) << 8 | Int(file[6]) << 16
        let count = Int(file[first]) | Int(file[first + 1]) << 8
        let own = Array(file[first + 2..<first + 2 + 12 * count])
        if file.count % 2 == 1 { file.append(0) }
        let place = file.count
        let inner = place + 2 + 12 * (count + 1) + 4
        file += Self.little(count + 1, 2) + own + Self.entry(0x8769, 4, 1, inner)
        file += Self.little(0, 4) + Self.little(2, 2) + Self.entry(0x9000, 7, 4, 0x30_33_32_30)
        file += Self.entry(0x927C, 7, 12, inner + 30) + Self.little(0, 4)
        file += Array("MAKERS NOTES".utf8)
        file.replaceSubrange(4..<8, with: Self.little(place, 4))
        let image = try Image(decoding: Data(file), name: "it")
        #expect(image.metadata.losses == [Self.note])
        #expect(try #require(image.metadata.exif).firstRange(of: Array("0230".utf8)) != nil)
        for format in ImageFormat.written {
            let data = try image.encoded(as: format)
            #expect(data.firstRange(of: Data("MAKERS NOTES".utf8)) == nil)
            #expect(image.metadata.losses(in: format).isEmpty)
        }
    }

    /// Of cameras and of other programs, in the first directory.
    @Test(arguments: [
        0x010E, 0x011D, 0x0151, 0x829A, 0x829D, 0x8822, 0x8827, 0x8833, 0x9003, 0x920A, 0x9217,
        0xC614, 0xC62F, 0xC4A5,
    ])
    func tagsOfThePhotoStay(tag: Int) throws {
        var image = noise(width: 16, height: 8, channels: 3)
        let head: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0] + Self.little(1, 2)
        let text = Array("kept text\0".utf8)
        image.metadata.exif = head + Self.entry(tag, 2, text.count, 26) + Self.little(0, 4) + text
        let once = try Image(decoding: image.encoded(as: .tiff), name: "it")
        let twice = try Image(decoding: once.encoded(as: .tiff), name: "it")
        for copy in [once, twice] {
            let exif = try #require(copy.metadata.exif)
            let start = Self.entry(tag, 2, text.count, 0).prefix(8)
            #expect(exif.firstRange(of: start) != nil && exif.firstRange(of: text) != nil)
        }
    }

    /// How its samples are stored is the writer's to say.
    @Test func tagsOfTheStoredSamplesGo() throws {
        var image = noise(width: 16, height: 8, channels: 3)
        let head: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0] + Self.little(2, 2)
        image.metadata.exif =
            head + Self.entry(0x0103, 3, 1, 6) + Self.entry(0x9207, 3, 1, 5) + Self.little(0, 4)
        let back = try Image(decoding: image.encoded(as: .tiff), name: "it")
        #expect(back.samples == image.samples)
        let exif = try #require(back.metadata.exif)
        #expect(exif.firstRange(of: Self.entry(0x9207, 3, 1, 5)) != nil)
        #expect(exif.firstRange(of: Self.little(0x0103, 2) + Self.little(3, 2)) == nil)
    }
}
