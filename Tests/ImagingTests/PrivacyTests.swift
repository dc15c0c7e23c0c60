import Foundation
import Imaging
import Testing

/// What is left out on demand is gone from the bytes, and the rest stays.
@Suite struct PrivacyTests {
    /// Little-endian: a maker, a GPS directory with a longitude outside of it, and an orientation.
    private var block: [UInt8] {
        func little(_ value: Int, _ size: Int) -> [UInt8] {
            (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        func entry(_ tag: Int, _ kind: Int, _ count: Int, _ value: Int) -> [UInt8] {
            little(tag, 2) + little(kind, 2) + little(count, 4) + little(value, 4)
        }
        let gps = 8 + 2 + 3 * 12 + 4
        var block: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0] + little(3, 2)
        block += entry(0x010F, 2, 4, 0x00_43_42_41) + entry(0x8825, 4, 1, gps)
        block += entry(0x9999, 3, 1, 7) + little(0, 4)
        block += little(2, 2) + entry(1, 2, 2, 0x4E) + entry(4, 5, 3, gps + 2 + 24 + 4)
        return block + little(0, 4) + Array("LONGITUDELONGITUDELONGIT".utf8)
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        bytes.firstRange(of: Array(text.utf8)) != nil
    }

    @Test(arguments: ImageFormat.written)
    func thePlaceIsGone(format: ImageFormat) throws {
        var image = noise(width: 9, height: 9, channels: 3)
        image.metadata.exif = block
        image.metadata.xmp = Array(
            """
            <x:xmpmeta><rdf:RDF><rdf:Description exif:GPSLatitude="48,8N" dc:format="x" geo:lat="48.12">\
            <drone-dji:AbsoluteAltitude>+512.3</drone-dji:AbsoluteAltitude><exif:GPSLongitude>11,34E</exif:GPSLongitude><a:b>kept</a:b></rdf:Description></rdf:RDF>
            """.utf8)
        image.metadata.dropLocation()
        image.metadata.parameters = "a hill\nSteps: 2"
        let file = Array(try image.encoded(as: format))
        #expect(!contains(file, "LONGITUDE") && !contains(file, "GPS") && !contains(file, "11,34"))
        #expect(!contains(file, "48.12") && !contains(file, "512.3"))
        #expect(contains(file, "kept") && contains(file, "dc:format=\"x\""))
        let back = try Image(decoding: Data(file), name: "it").metadata
        #expect(contains(try #require(back.exif), "ABC\0"))
        if format != .tiff { #expect(contains(try #require(back.exif), "\u{7}\0\0\0")) }
        #expect(back.parameters == "a hill\nSteps: 2" && back.warnings.isEmpty)
    }

    @Test func onlyTheProfileIsLeft() throws {
        var image = try Image(contentsOf: corpus.appending(path: "Good/profile.jpg"))
        image.metadata.exif = block
        image.metadata.parameters = "secret"
        image.metadata.text = [TextEntry(keyword: "Author", value: "secret")]
        image.metadata.dropAllButProfile()
        let back = try Image(decoding: image.encoded(as: .png), name: "it").metadata
        #expect(back.iccProfile == image.metadata.iccProfile)
        #expect(back.exif == nil && back.parameters == nil && back.text.isEmpty)
    }

    /// Also where no pixel is another, so that a JPEG would be its source: a second picture, a film and blocks that are
    /// not read may say the place, too.
    @Test(arguments: [true, false]) func nothingBesideThePictureStays(isPlaceOnly: Bool) throws {
        let jpeg = Array(try noise(width: 8, height: 8, channels: 3).encoded(as: .jpeg))
        func marker(_ number: UInt8, _ payload: String) -> [UInt8] {
            [0xFF, number, 0, UInt8(payload.utf8.count + 2)] + Array(payload.utf8)
        }
        let film = Array("\0\0\0\u{18}ftypmp42\0\0\0\0mp42isom LONGITUDE".utf8)
        var file = Array(jpeg[..<2])
        file += marker(0xE2, "MPF\0II*\0")
        file += marker(0xEC, "Ducky LONGITUDE")
        file += jpeg[2...]
        file += jpeg[..<2]
        file += marker(0xFE, "LONGITUDE")
        file += jpeg[2...]
        file += film
        var image = try Image(decoding: Data(file), name: "it")
        let samples = image.samples
        #expect(contains(Array(try image.encoded(as: .jpeg)), "LONGITUDE"))
        if isPlaceOnly { image.metadata.dropLocation() } else { image.metadata.dropAllButProfile() }
        let written = try image.encoded(as: .jpeg)
        #expect(!contains(Array(written), "LONGITUDE") && !image.isFile(written))
        #expect(try Image(decoding: written, name: "it").samples == samples)
    }

    /// Random damage: no crash, and what can be read stays a picture.
    @Test func damagedBlocksAreSafe() throws {
        var dice = Xorshift(state: 23)
        for _ in 0..<2000 {
            var metadata = ImageMetadata()
            var bytes = block
            for _ in 0..<3 {
                bytes[Int.random(in: 4..<bytes.count, using: &dice)] = .random(in: 0...255)
            }
            metadata.exif = bytes
            metadata.dropLocation()
            #expect(metadata.exif?.count == bytes.count)
        }
    }

    @Test func photoshopsDataStayWithoutThumbnail() throws {
        let jpeg = Array(try noise(width: 8, height: 8, channels: 3).encoded(as: .jpeg))
        func resource(_ number: UInt8, _ text: String) -> [UInt8] {
            Array("8BIM".utf8) + [4, number, 0, 0, 0, 0, 0, UInt8(text.utf8.count)]
                + Array(text.utf8)
        }
        func marker(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
            [0xFF, number, UInt8((payload.count + 2) >> 8), UInt8((payload.count + 2) & 255)]
                + payload
        }
        // IPTC's data set 2:90, a city.
        let city = "\u{1C}\u{2}\u{5A}\0\u{5}PARIS"
        let resources = resource(4, city) + resource(12, "OLDPICTURE")
        let file =
            jpeg[..<2] + marker(0xED, Array("Photoshop 3.0\0".utf8) + resources)
            + jpeg[2...]
        var image = try Image(decoding: Data(file), name: "it")
        #expect(image.metadata.warnings.isEmpty)
        image.samples[0] ^= 0x40
        let back = Array(try image.encoded(as: .jpeg))
        #expect(contains(back, "PARIS"))
        #expect(!contains(back, "OLDPICTURE"))
    }
}
