import Foundation
import Imaging
import Testing

/// What shows the picture before an edit is in no file after it, whatever it was in and is written as.
@Suite struct TraceTests {
    /// A JPEG that holds the word SECRET, and nothing that a picture written here has.
    private static let secret: [UInt8] = {
        let data = try? noise(width: 8, height: 8, channels: 1).encoded(as: .jpeg)
        let jpeg: [UInt8] = data.map { Array($0) } ?? []
        let comment: [UInt8] = [0xFF, 0xFE, 0, 8] + Array("SECRET".utf8)
        return Array(jpeg.prefix(2)) + comment + Array(jpeg.dropFirst(2))
    }()

    /// The same without what is in front of its tables, and with another byte for its first.
    private static let disguised: [UInt8] = {
        guard let begin = secret.firstRange(of: [0xFF, 0xDB])?.lowerBound else { return [] }
        let end = begin + 2 + Int(secret[begin + 2]) << 8 + Int(secret[begin + 3])
        let first: [UInt8] = [2, 0xD8]
        return first + secret[begin..<end] + secret[2..<12] + secret[end...]
    }()

    private func little(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(value >> (8 * $0) & 255) }
    }

    private func entry(_ tag: Int, _ kind: Int, _ count: Int, _ value: Int) -> [UInt8] {
        little(tag, 2) + little(kind, 2) + little(count, 4) + little(value, 4)
    }

    /// An EXIF block with an artist whose second directory begins at 52 and is of one of these kinds.
    private func exif(_ kind: String) -> [UInt8] {
        let secret = kind == "disguised preview" ? Self.disguised : Self.secret
        var block = Array("II*\0".utf8) + little(8, 4)
        switch kind {
        case "thumbnail":
            block += little(2, 2) + entry(0x013B, 2, 4, 0x6E_6E41) + entry(0x0112, 3, 1, 1)
            block += little(38, 4) + little(2, 2) + entry(0x0201, 4, 1, 68)
            block += entry(0x0202, 4, 1, secret.count) + little(0, 4) + secret
        case "strips":
            // Two strips of the word, which is no JPEG here.
            block += little(2, 2) + entry(0x013B, 2, 4, 0x6E_6E41) + entry(0x0112, 3, 1, 1)
            block += little(38, 4) + little(2, 2) + entry(0x0111, 4, 2, 68)
            block += entry(0x0117, 4, 2, 76) + little(0, 4)
            block += little(84, 4) + little(90, 4) + little(6, 4) + little(6, 4)
            block += Array("SECRETSECRET".utf8)
        case "pictures of their own":
            // Two directories, each with a strip, that a tag of the first one points at.
            block += little(2, 2) + entry(0x013B, 2, 4, 0x6E_6E41) + entry(0x014A, 13, 2, 38)
            block += little(0, 4) + little(46, 4) + little(76, 4)
            for strip in [106, 112] {
                block += little(2, 2) + entry(0x0111, 4, 1, strip) + entry(0x0117, 4, 1, 6)
                block += little(0, 4)
            }
            block += Array("SECRETSECRETkept".utf8)
        default:
            // A preview in the maker's note, as some cameras keep it.
            block += little(2, 2) + entry(0x013B, 2, 4, 0x6E_6E41) + entry(0x8769, 4, 1, 38)
            block += little(0, 4) + little(1, 2) + entry(0x927C, 7, secret.count + 8, 56)
            block += little(0, 4) + Array("MAKER\0\0\0".utf8) + secret
        }
        return block
    }

    private func marker(_ number: UInt8, _ text: String, _ payload: [UInt8]) -> [UInt8] {
        let all = Array(text.utf8) + payload
        let length = all.count + 2
        return [0xFF, number, UInt8(length >> 8), UInt8(length & 255)] + all
    }

    private func resource(_ number: Int, _ payload: [UInt8]) -> [UInt8] {
        let numbers: [UInt8] = [
            UInt8(number >> 8), UInt8(number & 255), 0, 0, 0, 0, UInt8(payload.count >> 8),
            UInt8(payload.count & 255),
        ]
        let padding: [UInt8] = payload.count % 2 == 1 ? [0] : []
        return Array("8BIM".utf8) + numbers + payload + padding
    }

    /// A data set of IPTC's second record.
    private func dataset(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
        [0x1C, 2, number, UInt8(value.count >> 8), UInt8(value.count & 255)] + value
    }

    /// A JPEG with one more marker, and perhaps something behind it.
    private func jpeg(_ marker: [UInt8], then tail: [UInt8] = []) throws -> Data {
        let plain = Array(try noise(width: 24, height: 16, channels: 3).encoded(as: .jpeg))
        return Data(Array(plain[..<2]) + marker + Array(plain[2...]) + tail)
    }

    private func source(_ kind: String) throws -> Data {
        let secret = Self.secret
        switch kind {
        case "thumbnail", "strips", "preview", "disguised preview", "pictures of their own":
            return try jpeg(marker(0xE1, "Exif\0\0", exif(kind)))
        case "JFXX": return try jpeg(marker(0xE0, "JFXX\0\u{10}", secret))
        case "MPF": return try jpeg(marker(0xE2, "MPF\0II*\0", []), then: secret)
        case "XMP":
            let packet = """
                <x:xmpmeta><rdf:RDF><rdf:Description><xmp:Thumbnails><xmpGImg:image>SECRET\
                </xmpGImg:image></xmp:Thumbnails></rdf:Description></rdf:RDF></x:xmpmeta>
                """
            return try jpeg(marker(0xE1, "http://ns.adobe.com/xap/1.0/\0", Array(packet.utf8)))
        case "raw profile":
            let block = Array("Exif\0\0".utf8) + exif("thumbnail")
            let digits = block.map { String(format: "%02x", $0) }.joined()
            var image = noise(width: 24, height: 16, channels: 3)
            image.metadata.text = [
                TextEntry(
                    keyword: "Raw profile type exif", value: "\nexif\n \(block.count)\n\(digits)\n")
            ]
            return try image.encoded(as: .png)
        case "EXIF of a WebP", "EXIF of an AVIF":
            var image = noise(width: 24, height: 16, channels: 3)
            image.metadata.exif = exif("thumbnail")
            return try image.encoded(as: kind.hasSuffix("WebP") ? .webp : .avif)
        case "resources of a TIFF":
            var image = noise(width: 24, height: 16, channels: 3)
            image.metadata.photoshopResources = resource(1036, secret)
            return try image.encoded(as: .tiff)
        case "preview of IPTC":
            let sets = dataset(80, Array("Ann".utf8)) + dataset(202, secret)
            return try jpeg(marker(0xED, "Photoshop 3.0\0", resource(1028, sets)))
        default:
            let number = Int(kind.split(separator: " ")[1]) ?? 0
            return try jpeg(marker(0xED, "Photoshop 3.0\0", resource(number, secret)))
        }
    }

    @Test(arguments: [
        "thumbnail", "strips", "preview", "disguised preview", "pictures of their own", "JFXX",
        "MPF", "XMP", "raw profile", "EXIF of a WebP",
        "EXIF of an AVIF", "resources of a TIFF", "resource 1033", "resource 1036",
        "resource 1058", "preview of IPTC",
    ])
    func nothingOfItStays(kind: String) throws {
        let data = try source(kind)
        // Hexadecimal digits hide the word.
        let words = ["SECRET", "534543524554"].map { Array($0.utf8) }
        #expect(words.contains { data.firstRange(of: $0) != nil })
        var image = try Image(decoding: data, name: kind)
        image.samples[7] ^= 0x40
        for format in ImageFormat.written {
            let written = try image.encoded(as: format)
            #expect(words.allSatisfy { written.firstRange(of: $0) == nil }, "\(kind) in \(format)")
            let back = try Image(decoding: written, name: kind).metadata
            #expect(back.losses.isEmpty)
            if kind.hasSuffix("preview")
                || ["thumbnail", "strips", "pictures of their own", "raw profile"].contains(kind)
            {
                let exif = try #require(back.exif)
                #expect(exif.firstRange(of: Array("Ann".utf8)) != nil)
            }
        }
    }

    /// Auxiliary pictures of a HEIF are not read, and so in no file that is written.
    @Test(arguments: ["depth", "gain-map", "matte", "thumbnail", "two", "tone-map"])
    func auxiliaryPicturesGo(name: String) throws {
        let image = try Image(contentsOf: corpus.appending(path: "Good/\(name).heic"))
        for format in ImageFormat.written {
            let back = try Image(decoding: image.encoded(as: format), name: name).metadata
            #expect(back.losses.isEmpty && back.warnings.isEmpty)
        }
    }
}
