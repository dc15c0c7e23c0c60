import Files
import Foundation
import Imaging
import Testing

/// XMP in several markers of a JPEG (XMP Specification Part 3, 1.1.3.1).
@Suite struct ExtendedXMPTests {
    private let standardPrefix = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    private let extensionPrefix = Array("http://ns.adobe.com/xmp/extension/\0".utf8)

    /// A packet of these descriptions.
    private func packet(_ descriptions: [String]) -> String {
        """
        <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>
        <x:xmpmeta xmlns:x="adobe:ns:meta/">
        <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        \(descriptions.joined(separator: "\n"))
        </rdf:RDF>
        </x:xmpmeta>
        <?xpacket end="w"?>
        """
    }

    private func described(_ property: String) -> String {
        "<rdf:Description rdf:about=\"uuid:7\" xmlns:a=\"http://a.example/\" \(property)/>"
    }

    private func jpeg(_ xmp: String, type: DigitalSourceType? = nil) throws -> Data {
        var image = noise(width: 16, height: 16, channels: 3)
        image.metadata.xmp = Array(xmp.utf8)
        image.metadata.digitalSourceType = type
        return try image.encoded(as: .jpeg)
    }

    /// The payloads of the APP1 markers with that prefix, without it.
    private func payloads(_ file: Data, _ prefix: [UInt8]) -> [[UInt8]] {
        let bytes = Array(file)
        var found: [[UInt8]] = []
        var place = 2
        while bytes[place] == 0xFF, bytes[place + 1] != 0xDA {
            let count = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            let payload = bytes[place + 4..<place + 2 + count]
            if payload.starts(with: prefix) { found.append(Array(payload.dropFirst(prefix.count))) }
            place += 2 + count
        }
        return found
    }

    private func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: Array(bytes), as: UTF8.self)
    }

    @Test(arguments: [nil, DigitalSourceType.compositeWithTrainedAlgorithmicMedia])
    func whatFindsNoRoomGoesIntoParts(type: DigitalSourceType?) throws {
        let ink = String(repeating: "ink ", count: 40_000)
        let long = described("a:long=\"\(ink)\"")
        let nested = "<rdf:Description><a:in><rdf:Description/>\(ink)</a:in></rdf:Description>"
        let short = described("a:short=\"1 > 0\"")
        let file = try jpeg(packet([long, short, nested]), type: type)

        let standard = text(try #require(payloads(file, standardPrefix).first))
        #expect(standard.contains(short) && !standard.contains("ink"))
        #expect(standard.contains("compositeWithTrained") == (type != nil))
        let parts = payloads(file, extensionPrefix)
        #expect(parts.count == 5)
        let rest = parts.flatMap { $0.dropFirst(40) }
        #expect(text(rest).contains("\(long)\n\(nested)\n</rdf:RDF>"))
        let digest = Digest(.md5)
        digest.update(rest)
        let name = digest.hexadecimal().uppercased()
        #expect(standard.contains("rdf:about=\"uuid:7\" xmlns:xmpNote="))
        #expect(standard.contains("xmpNote:HasExtendedXMP=\"\(name)\"/>"))
        var start = 0
        for part in parts {
            #expect(text(part.prefix(32)) == name)
            let numbers = part.dropFirst(32).prefix(8).reduce(0) { $0 << 8 | Int($1) }
            #expect(numbers >> 32 == rest.count && numbers & 0xFFFF_FFFF == start)
            start += part.count - 40
        }

        // It is whole again in a picture, and in a file that has room for it.
        let image = try Image(decoding: file, name: "it")
        let png = try Image(decoding: image.encoded(as: .png), name: "it")
        for metadata in [image.metadata, png.metadata] {
            let whole = text(try #require(metadata.xmp))
            #expect(whole.contains(long) && whole.contains(short) && whole.contains(nested))
            #expect(!whole.contains("HasExtendedXMP") && metadata.warnings.isEmpty)
            #expect(metadata.statedDigitalSourceType == type?.rawValue)
        }
        // Nothing grows from edit to edit.
        let again = try image.encoded(as: .jpeg)
        let third = try Image(decoding: again, name: "it").encoded(as: .jpeg)
        #expect(payloads(again, standardPrefix) == payloads(third, standardPrefix))
        #expect(payloads(again, extensionPrefix) == payloads(third, extensionPrefix))
        #expect(again.count == file.count)
    }

    /// Another program's: parts in any order, a name as an attribute, namespaces declared at the root.
    @Test func othersPartsAreJoined() throws {
        let rest = """
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:b='http://b.example/'>
            <rdf:Description rdf:about="uuid:7" b:depth="9"/></rdf:RDF>
            """
        func file(without missing: Int? = nil, nameCount: Int = 32) throws -> Data {
            let name = String(repeating: "A", count: nameCount)
            let noted = described("xmpNote:HasExtendedXMP=\"\(name)\" a:kept=\"2\"")
            func big(_ number: Int) -> [UInt8] { [0, 0, UInt8(number >> 8), UInt8(number & 255)] }
            let bytes = Array(rest.utf8)
            var out = Array(try jpeg(packet([noted])))
            for start in [0, 70, 140] where start != missing {
                let payload =
                    extensionPrefix + Array(name.utf8) + big(bytes.count) + big(start)
                    + bytes[start..<min(start + 70, bytes.count)]
                out.insert(contentsOf: [0xFF, 0xE1, 0, UInt8(payload.count + 2)] + payload, at: 2)
            }
            return Data(out)
        }
        let whole = try Image(decoding: file(), name: "it").metadata
        let found = text(try #require(whole.xmp))
        #expect(whole.warnings.isEmpty && !found.contains("HasExtendedXMP"))
        #expect(found.contains("a:kept=\"2\"") && found.contains("b:depth=\"9\""))
        #expect(found.contains("<rdf:RDF xmlns:b='http://b.example/' xmlns:rdf="))
        let files =
            try [0, 70, 140].map { try file(without: $0) }
            + [0, 31, 33, 60].map { try file(nameCount: $0) }
        for file in files {
            let metadata = try Image(decoding: file, name: "it").metadata
            let left = text(try #require(metadata.xmp))
            #expect(metadata.warnings == ["parts of the XMP are missing; they were left out"])
            #expect(left.contains("a:kept") && !left.contains("HasExtendedXMP"))
        }
    }

    /// A root with many declarations that are none, each of which is looked at once.
    @Test func declarationsWithoutAValueAreNone() throws {
        let name = String(repeating: "A", count: 32)
        let marks = String(repeating: "xmlns:", count: 400_000)
        let rest = Array(
            "<rdf:RDF xmlns:b='http://b.example/' \(marks)><rdf:Description b:depth=\"9\"/></rdf:RDF>"
                .utf8)
        func big(_ number: Int) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
        }
        let blocks = stride(from: 0, to: rest.count, by: 65_000).flatMap { start in
            let payload =
                extensionPrefix + Array(name.utf8) + big(rest.count) + big(start)
                + rest[start..<min(start + 65_000, rest.count)]
            return [0xFF, 0xE1] + big(payload.count + 2).suffix(2) + payload
        }
        var file = Array(try jpeg(packet([described("xmpNote:HasExtendedXMP=\"\(name)\"")])))
        file.insert(contentsOf: blocks, at: 2)
        let found = text(try #require(Image(decoding: Data(file), name: "it").metadata.xmp))
        #expect(found.contains("<rdf:RDF xmlns:b='http://b.example/' xmlns:rdf="))
        #expect(found.contains("b:depth"))
    }

    @Test func thePlaceIsGoneFromTheParts() throws {
        let ink = String(repeating: "ink ", count: 20_000)
        let place = described("a:ink=\"\(ink)\" exif:GPSLatitude=\"48,8N\" a:kept=\"2\"")
        let file = try jpeg(packet([place]))
        #expect(payloads(file, extensionPrefix).contains { text($0).contains("48,8N") })
        var image = try Image(decoding: file, name: "it")
        image.metadata.dropLocation()
        let left = text(try image.encoded(as: .jpeg))
        #expect(!left.contains("GPS") && !left.contains("48,8N") && left.contains("a:kept"))
    }

    /// Packets that are too long and cannot be parted, and damage: an end without a crash.
    @Test func oddPacketsEndWell() throws {
        let blanks = String(repeating: " ", count: 70_000)
        for odd in [
            blanks, "</rdf:RDF>" + blanks, "<rdf:RDF" + blanks + "<rdf:Description/></rdf:RDF>",
            "</rdf:Description>" + blanks + "</rdf:RDF>", "<rdf:Description '" + blanks,
            "<rdf:RDF><rdf:Description>" + blanks + "</rdf:RDF>",
        ] {
            #expect(try Image(decoding: jpeg(odd), name: "it").metadata.xmp == nil)
            let marked = try Image(decoding: jpeg(odd, type: .trainedAlgorithmicMedia), name: "it")
            let type = DigitalSourceType.trainedAlgorithmicMedia.rawValue
            #expect(marked.metadata.statedDigitalSourceType == type)
        }
        var dice = Xorshift(state: 5)
        let ink = String(repeating: "ink ", count: 20_000)
        let good = Array(
            try jpeg(packet([described("a:long=\"\(ink)\""), described("a:b=\"1\"")])))
        for _ in 0..<300 {
            var bytes = good
            // In the packet, in the header of the first part, at its end.
            for range in [20..<600, 600..<900, 66_000..<66_400] where Bool.random(using: &dice) {
                bytes[Int.random(in: range, using: &dice)] = .random(in: 0...255, using: &dice)
            }
            guard let image = try? Image(decoding: Data(bytes), name: "it") else { continue }
            #expect(throws: Never.self) { try image.encoded(as: .jpeg) }
        }
    }
}
