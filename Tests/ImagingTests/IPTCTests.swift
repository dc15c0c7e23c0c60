import Foundation
import Imaging
import Testing

/// What IPTC's older data says of a photo is in whatever is written of it.
@Suite struct IPTCTests {
    private static let utf8 = dataset(1, 90, "\u{1B}%G")
    private static let sets =
        utf8 + dataset(2, 0, "\0\u{4}") + dataset(2, 5, "Harbour <1 & 2>")
        + dataset(2, 25, "sea") + dataset(2, 25, "boats") + dataset(2, 55, "20261129")
        + dataset(2, 60, "102030+0130") + dataset(2, 80, "Ann Österreich")
        + dataset(2, 12, "IPTC:15054000:Sport:football:") + dataset(2, 116, "(c) Ann")

    private static func dataset(_ record: UInt8, _ number: UInt8, _ value: String) -> [UInt8] {
        let bytes = Array(value.utf8)
        return [0x1C, record, number, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }

    private static func resource(_ number: Int, _ payload: [UInt8]) -> [UInt8] {
        Array("8BIM".utf8) + [UInt8(number >> 8), UInt8(number & 255), 0, 0, 0, 0]
            + [UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
            + (payload.count % 2 == 1 ? [0] : [])
    }

    private static func picture(_ sets: [UInt8] = sets, xmp: String? = nil) -> Image {
        var image = noise(width: 24, height: 16, channels: 3)
        image.metadata.photoshopResources = resource(1028, sets)
        image.metadata.xmp = xmp.map { Array($0.utf8) }
        return image
    }

    private static func metadata(_ image: Image, as format: ImageFormat) throws -> ImageMetadata {
        try Image(decoding: image.encoded(as: format), name: "it").metadata
    }

    @Test(arguments: [ImageFormat.jpeg, .tiff, .png])
    func staysAsItIs(format: ImageFormat) throws {
        let image = Self.picture()
        let written = try Self.metadata(image, as: format)
        #expect(written.photoshopResources == image.metadata.photoshopResources)
        #expect(written.xmp == nil && written.text.isEmpty && written.warnings.isEmpty)
        #expect(image.metadata.losses(in: format).isEmpty)
    }

    @Test(arguments: [ImageFormat.webp, .avif])
    func becomesXMP(format: ImageFormat) throws {
        let image = Self.picture()
        let packet = try #require(try Self.metadata(image, as: format).xmp)
        let text = String(decoding: packet, as: UTF8.self)
        for part in [
            "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">Harbour &lt;1 &amp; 2&gt;</rdf:li>",
            "<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>boats</rdf:li></rdf:Bag>",
            "<photoshop:DateCreated>2026-11-29T10:20:30+01:30</photoshop:DateCreated>",
            "<dc:creator><rdf:Seq><rdf:li>Ann Österreich</rdf:li></rdf:Seq></dc:creator>",
            "<Iptc4xmpCore:SubjectCode><rdf:Bag><rdf:li>15054000</rdf:li>",
            "xmlns:Iptc4xmpCore=\"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/\"",
        ] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(image.metadata.losses(in: format).isEmpty)
    }

    /// What a packet says already holds, whichever prefix its namespace has there.
    @Test func xmpIsNotContradicted() throws {
        let packet = """
            <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
            xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description \
            xmlns:core="http://purl.org/dc/elements/1.1/" rdf:about=""><core:title>Port</core:title>\
            </rdf:Description></rdf:RDF></x:xmpmeta>
            """
        let written = try Self.metadata(Self.picture(xmp: packet), as: .webp)
        let text = String(decoding: written.xmp ?? [], as: UTF8.self)
        #expect(text.contains("<core:title>Port</core:title>") && !text.contains("Harbour"))
        #expect(text.contains("<dc:creator>"))
    }

    @Test func whatHasNoCounterpartIsNamed() throws {
        let sets =
            Self.sets + Self.dataset(2, 118, "+49 1") + Self.dataset(2, 118, "+49 2")
            + Self.dataset(3, 20, "x")
        let metadata = Self.picture(sets).metadata
        for format in [ImageFormat.webp, .avif] {
            #expect(
                metadata.losses(in: format)
                    == ["IPTC data without a counterpart in XMP is left out: 2:118 (contact), 3:20"]
            )
        }
        for format in [ImageFormat.jpeg, .png, .tiff] {
            #expect(metadata.losses(in: format).isEmpty)
        }
    }

    /// Each kind counts once, and a note names 32 of them.
    @Test func manyKindsWithoutCounterpart() throws {
        let sets = (UInt8(9)...50).flatMap { record in
            (0...UInt8.max).flatMap { Self.dataset(record, $0, "") }
        }
        let losses = Self.picture(sets).metadata.losses(in: .webp)
        #expect(losses.count == 1)
        #expect(losses.first?.hasSuffix("9:30, 9:31 and 10720 more") == true)
    }

    /// Broken sets, odd dates and characters that are neither UTF-8 nor allowed in XML.
    @Test func oddData() throws {
        let latin: [UInt8] = [0x1C, 2, 80, 0, 4, 0x41, 0xD6, 0x01, 0x42]
        let cut: [UInt8] = [0x1C, 2, 5, 0, 200, 0x41]
        for (day, time, date) in [
            ("20260000", "", "2026"), ("20261100", "102030", "2026-11"),
            ("20261129", "9", "2026-11-29"), ("00000000", "102030", nil), ("tomorrow", "", nil),
        ] {
            let sets =
                latin + Self.dataset(2, 55, day) + Self.dataset(2, 60, time) + cut
            let text = String(
                decoding: try Self.metadata(Self.picture(sets), as: .webp).xmp ?? [], as: UTF8.self)
            #expect(text.contains("<rdf:li>AÖB</rdf:li>"))
            #expect(text.contains("DateCreated") == (date != nil))
            if let date { #expect(text.contains("<photoshop:DateCreated>\(date)</")) }
        }
    }

    /// As ImageMagick writes it into a PNG: IPTC's data alone, beside Photoshop's resources or not.
    @Test(arguments: [true, false]) func rawProfiles(besideResources: Bool) throws {
        func entry(_ name: String, _ bytes: [UInt8]) -> TextEntry {
            let digits = bytes.map { String(format: "%02x", $0) }.joined()
            return TextEntry(
                keyword: "Raw profile type \(name)",
                value: "\n\(name)\n  \(bytes.count)\n\(digits)\n")
        }
        var image = noise(width: 24, height: 16, channels: 3)
        let other = Self.resource(1005, Array(repeating: 7, count: 16))
        image.metadata.text = [entry("iptc", Self.sets)]
        if besideResources {
            let both = other + Self.resource(1028, Self.sets)
            image.metadata.text.append(entry("8bim", both))
        }
        let found = try Self.metadata(image, as: .png)
        let expected = Self.resource(1028, Self.sets) + (besideResources ? other : [])
        #expect(found.photoshopResources == expected)
        #expect(found.text.isEmpty)
        image.metadata = found
        #expect(try Self.metadata(image, as: .jpeg).photoshopResources == expected)
    }

    /// Previews in it are dropped, and the rest stays; in a TIFF as a tag of its own beside Photoshop's resources.
    @Test func previewsGo() throws {
        let ann = Self.dataset(2, 80, "Ann")
        let source = Self.picture(ann + Self.dataset(2, 202, "an old picture"))
        for format in [ImageFormat.jpeg, .png, .tiff] {
            let back = try Self.metadata(source, as: format).photoshopResources
            #expect(back == Self.resource(1028, ann))
        }
        var tiff = Array(try Self.picture(ann).encoded(as: .tiff))
        // Without Photoshop's own tag, which becomes one that nobody knows, the other one is read.
        let tag = try #require(tiff.lastRange(of: [0x49, 0x86, 1, 0]))
        tiff[tag.lowerBound] = 0x48
        let back = try Image(decoding: Data(tiff), name: "it").metadata.photoshopResources
        #expect(back == Self.resource(1028, ann))
    }
}
