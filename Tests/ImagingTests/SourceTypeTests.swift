import Foundation
import Imaging
import Testing

/// The word for how a picture came about, in packets of other programs.
@Suite struct SourceTypeTests {
    private static let composite = DigitalSourceType.compositeWithTrainedAlgorithmicMedia
    private static let capture = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
    private static let namespace = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"

    private func packet(_ attributes: String, _ elements: String, rdf: String = "rdf") -> String {
        """
        <x:xmpmeta xmlns:x="adobe:ns:meta/"><\(rdf):RDF \
        xmlns:\(rdf)="http://www.w3.org/1999/02/22-rdf-syntax-ns#" \
        xmlns:own="\(Self.namespace)" xmlns:dc="http://purl.org/dc/elements/1.1/">\
        <\(rdf):Description \(rdf):about='uuid:7' \(attributes)>\(elements)\
        <dc:source>kept</dc:source></\(rdf):Description></\(rdf):RDF></x:xmpmeta>
        """
    }

    private func marked(_ xmp: [UInt8], as format: ImageFormat = .png) throws -> ImageMetadata {
        var image = noise(width: 8, height: 8, channels: 3)
        image.metadata.xmp = xmp
        image.metadata.digitalSourceType = Self.composite
        #expect(image.metadata.losses(in: format).isEmpty)
        return try Image(decoding: image.encoded(as: format), name: "it").metadata
    }

    private func text(_ metadata: ImageMetadata) -> String {
        String(decoding: metadata.xmp ?? [], as: UTF8.self)
    }

    @Test(arguments: [
        ("own:DigitalSourceType=\"\(capture)\"", ""),
        ("own:DigitalSourceType='\(capture)'", ""),
        ("", "<own:DigitalSourceType>\(capture)</own:DigitalSourceType>"),
        ("", "<own:DigitalSourceType rdf:resource=\"\(capture)\"/>"),
        ("", "<own:DigitalSourceType rdf:resource='\(capture)'></own:DigitalSourceType>"),
    ])
    func everyFormIsReadAndReplaced(attributes: String, elements: String) throws {
        var image = noise(width: 8, height: 8, channels: 3)
        image.metadata.xmp = Array(packet(attributes, elements).utf8)
        #expect(image.metadata.statedDigitalSourceType == Self.capture)
        var metadata = try marked(image.metadata.xmp ?? [])
        #expect(metadata.statedDigitalSourceType == Self.composite.rawValue)
        #expect(!text(metadata).contains("digitalCapture") && text(metadata).contains(">kept<"))
        #expect(text(metadata).contains("rdf:about=\"uuid:7\""))
        // Nothing grows from edit to edit.
        let first = metadata.xmp
        metadata = try marked(first ?? [])
        #expect(metadata.xmp == first)
    }

    /// The name in a value, and the property of a part of another one, say nothing of the picture.
    @Test func theNameElsewhereIsNone() throws {
        let elements = """
            <dc:title>Iptc4xmpExt:DigitalSourceType="x"</dc:title><dc:relation \
            rdf:parseType="Resource"><own:DigitalSourceType>\(Self.capture)</own:DigitalSourceType>\
            </dc:relation>
            """
        let metadata = try marked(Array(packet("", elements).utf8))
        #expect(metadata.statedDigitalSourceType == Self.composite.rawValue)
        #expect(text(metadata).contains(elements))
    }

    /// The prefix of RDF is the writer's to choose.
    @Test(arguments: ["rdf", "r"], ImageFormat.written)
    func theWordIsPutIntoAnyPacket(rdf: String, format: ImageFormat) throws {
        let metadata = try marked(Array(packet("", "", rdf: rdf).utf8), as: format)
        #expect(metadata.statedDigitalSourceType == Self.composite.rawValue)
        #expect(text(metadata).contains(">kept<") && metadata.warnings.isEmpty)
        #expect(text(metadata).contains("<\(rdf):Description \(rdf):about=\"uuid:7\" xmlns:Iptc"))
    }

    @Test(arguments: [true, false], [true, false])
    func aPacketInUTF16IsRead(isBigEndian: Bool, hasMark: Bool) throws {
        let units = ((hasMark ? "\u{FEFF}" : "") + packet("dc:format='Łódź'", "")).utf16
        let bytes = units.flatMap { unit -> [UInt8] in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 255))
            return isBigEndian ? [high, low] : [low, high]
        }
        var image = noise(width: 8, height: 8, channels: 3)
        image.metadata.xmp = bytes
        let read = try Image(decoding: image.encoded(as: .webp), name: "it").metadata
        #expect(text(read) == packet("dc:format='Łódź'", "") && read.warnings.isEmpty)
        #expect(try text(marked(read.xmp ?? [])).contains("Łódź"))
    }

    @Test func aPacketThatCannotHoldItIsNamed() throws {
        var image = noise(width: 8, height: 8, channels: 3)
        image.metadata.xmp = Array("<a>no RDF</a>".utf8)
        #expect(image.metadata.losses(in: .png).isEmpty)
        image.metadata.digitalSourceType = Self.composite
        for format in ImageFormat.written {
            #expect(image.metadata.losses(in: format) == ["its XMP is broken and is left out"])
        }
    }
}
