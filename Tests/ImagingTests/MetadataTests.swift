import Foundation
import Imaging
import Testing

/// A TIFF structure with one directory, little-endian, in front of `tail`; values of four bytes.
private func exif(
    _ entries: [(tag: Int, kind: Int, count: Int, value: Int)], next: Int = 0, tail: [UInt8] = []
) -> [UInt8] {
    func bytes(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var block: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0] + bytes(entries.count, 2)
    for entry in entries {
        block += bytes(entry.tag, 2) + bytes(entry.kind, 2)
        block += bytes(entry.count, 4) + bytes(entry.value, 4)
    }
    return block + bytes(next, 4) + tail
}

private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    bytes.firstRange(of: Array(text.utf8)) != nil
}

@Suite struct MetadataTests {
    private let texts = [
        "a hill at dawn\nNegative prompt: rain\nSteps: 20, Sampler: Euler",
        "ein Hügel\nSteps: 2", "丘 🌄 nad rzeką\nSteps: 2",
    ]

    private func written(_ metadata: ImageMetadata, as format: ImageFormat) throws -> Image {
        var image = noise(width: 16, height: 16, channels: 3)
        image.metadata = metadata
        return try Image(decoding: image.encoded(as: format), name: "it")
    }

    @Test(arguments: ImageFormat.written)
    func parametersComeBack(format: ImageFormat) throws {
        for text in texts {
            var metadata = ImageMetadata()
            metadata.parameters = text
            let once = try written(metadata, as: format).metadata
            #expect(once.parameters == text)
            // Again, over the old ones, and the block does not grow with every edit.
            metadata = once
            metadata.parameters = text + "!"
            let twice = try written(metadata, as: format).metadata
            #expect(twice.parameters == text + "!")
            #expect((twice.exif?.count ?? 0) <= (once.exif?.count ?? 0) + 2 * "!".utf16.count)
        }
    }

    /// The chunk kinds Pillow and A1111 use.
    @Test func textIsLatin1WhereItFits() throws {
        for (text, kind) in [("ein Hügel", "tEXt"), ("nad rzeką", "iTXt")] {
            var image = noise(width: 2, height: 2, channels: 1)
            image.metadata.parameters = text
            let file = Array(try image.encoded(as: .png))
            #expect(contains(file, "\(kind)parameters\0"))
        }
    }

    /// A text has a language where the file says one, and its keyword is said in it.
    @Test func aTextKeepsItsLanguage() throws {
        var entry = TextEntry(keyword: "Title", value: "Hügel")
        entry.language = "de-AT"
        var other = TextEntry(keyword: "Author", value: "丘")
        (other.language, other.translatedKeyword) = ("ja", "作者")
        var image = noise(width: 2, height: 2, channels: 1)
        image.metadata.text = [entry, other, TextEntry(keyword: "Source", value: "a")]
        let file = try image.encoded(as: .png)
        #expect(contains(Array(file), "iTXtTitle\0\0\0de-AT\0\0Hügel"))
        #expect(contains(Array(file), "iTXtAuthor\0\0\0ja\0作者\0丘"))
        let back = try Image(decoding: file, name: "it").metadata.text
        #expect(back.count == 3)
        for expected in image.metadata.text { #expect(back.contains(expected)) }
    }

    @Test func theUserCommentIsBigEndian() throws {
        var metadata = ImageMetadata()
        metadata.parameters = "Steps: 2"
        let expected = "UNICODE\0\0S\0t\0e\0p\0s"
        var image = noise(width: 8, height: 8, channels: 1)
        image.metadata = metadata
        #expect(contains(Array(try image.encoded(as: .jpeg)), expected))
        // Also in a little-endian block of a camera.
        image.metadata.exif = exif([(tag: 0x010F, kind: 2, count: 4, value: 0x00_43_42_41)])
        let file = try image.encoded(as: .jpeg)
        #expect(contains(Array(file), expected))
        let back = try Image(decoding: file, name: "it").metadata
        #expect(back.parameters == "Steps: 2")
        #expect(contains(try #require(back.exif), "ABC\0"))
    }

    @Test func aCommentJoinsAnExistingDirectory() throws {
        // The EXIF directory at 26 holds an exposure index of 7 as a stand-in for camera values.
        let sub: [UInt8] = [1, 0, 0x15, 0xA2, 3, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]
        var metadata = ImageMetadata()
        metadata.exif = exif([(tag: 0x8769, kind: 4, count: 1, value: 26)], tail: sub)
        metadata.parameters = "Steps: 2"
        let back = try written(metadata, as: .jpeg).metadata
        #expect(back.parameters == "Steps: 2")
        let block = try #require(back.exif)
        #expect(block.ranges(of: sub[2..<14]).count == 2)
    }

    @Test func theThumbnailGoes() throws {
        let picture = Array("secret thumbnail".utf8)
        // One directory of 18 bytes at 8, the second at 26 with two entries ends at 56.
        var second: [UInt8] = [2, 0]
        second += [0x01, 0x02, 4, 0, 1, 0, 0, 0, 56, 0, 0, 0]
        second += [0x02, 0x02, 4, 0, 1, 0, 0, 0, UInt8(picture.count), 0, 0, 0, 0, 0, 0, 0]
        var metadata = ImageMetadata()
        metadata.exif = exif(
            [(tag: 0x0112, kind: 3, count: 1, value: 6)], next: 26, tail: second + picture)
        // A TIFF has no block of its own.
        for format in ImageFormat.written where format != .tiff {
            let back = try written(metadata, as: format)
            let block = try #require(back.metadata.exif)
            #expect(!contains(block, "secret"))
            #expect(block.count == 56)
            #expect(block[18] == 1)
        }
    }

    @Test func sizesInEXIFFollowThePicture() throws {
        let sub: [UInt8] = [
            2, 0, 0x02, 0xA0, 4, 0, 1, 0, 0, 0, 1, 2, 3, 0, 0x03, 0xA0, 3, 0, 1, 0, 0, 0, 9, 9, 0,
            0,
            0, 0, 0, 0,
        ]
        var image = noise(width: 300, height: 5, channels: 1)
        image.metadata.exif = exif([(tag: 0x8769, kind: 4, count: 1, value: 26)], tail: sub)
        let back = try Image(decoding: image.encoded(as: .png), name: "it")
        let block = try #require(back.metadata.exif)
        #expect(Array(block[36..<40]) == [44, 1, 0, 0])
        #expect(Array(block[48..<52]) == [5, 0, 0, 0])
    }

    /// What cameras say of Adobe RGB: no profile, but a word in the directory of interoperability.
    @Test(arguments: ["R03", "R98"], [ImageFormat.jpeg, .png, .webp])
    func adobeRGBByEXIF(index: String, format: ImageFormat) throws {
        let pointer: [UInt8] = [1, 0, 0x05, 0xA0, 4, 0, 1, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0]
        let entry: [UInt8] = [1, 0, 1, 0, 2, 0, 4, 0, 0, 0] + Array(index.utf8) + [0, 0, 0, 0, 0]
        var metadata = ImageMetadata()
        metadata.exif = exif(
            [(tag: 0x8769, kind: 4, count: 1, value: 26)], tail: pointer + entry)
        let back = try written(metadata, as: format)
        guard index == "R03" else {
            #expect(back.metadata.iccProfile == nil && back.metadata.warnings.isEmpty)
            return
        }
        #expect(back.metadata.warnings.count == 1)
        var other = back
        other.metadata.iccProfile = Array(
            try Data(contentsOf: corpus.appending(path: "Profiles/adobe-rgb.icc")))
        let (found, expected) = (back.inSRGB.rgb8.samples, other.inSRGB.rgb8.samples)
        #expect(zip(found, expected).allSatisfy { abs(Int($0) - Int($1)) <= 2 })
        let again = try Image(decoding: back.encoded(as: .png), name: "it").metadata
        #expect(again.warnings.isEmpty && again.iccProfile == back.metadata.iccProfile)
    }

    /// Its chunk says of a PNG that it is sRGB, whatever EXIF says. A copy in another format has no such chunk.
    @Test func sRGBStandsBeforeEXIF() throws {
        var metadata = ImageMetadata()
        metadata.exif = exif(
            [(tag: 0x8769, kind: 4, count: 1, value: 26)],
            tail: [1, 0, 0x01, 0xA0, 3, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
        #expect(try written(metadata, as: .jpeg).metadata.iccProfile != nil)
        var image = noise(width: 16, height: 16, channels: 3)
        image.metadata = metadata
        let plain = Array(try image.encoded(as: .png))
        // Behind the signature and the header; its last four bytes are the checksum.
        let chunk = [0, 0, 0, 1] + Array("sRGB".utf8) + [0, 0xAE, 0xCE, 0x1C, 0xE9]
        let read = try Image(decoding: Data(plain[..<33] + chunk + plain[33...]), name: "it")
        #expect(read.metadata.iccProfile == nil && read.metadata.warnings.isEmpty)
        let copy = try Image(decoding: read.encoded(as: .webp), name: "it").metadata
        #expect(copy.exif != nil && copy.iccProfile == nil && copy.warnings.isEmpty)
    }

    /// Where the camera focussed counts pixels of the picture as it is stored: it stays as long as that does.
    @Test func theFocusOfATurnedPictureGoes() throws {
        let area: [UInt8] = [0x14, 0x92, 3, 0, 2, 0, 0, 0, 3, 0, 4, 0]
        func hasArea(_ data: Data) throws -> Bool {
            let block = try Image(decoding: data, name: "it").metadata.exif ?? []
            return block.firstRange(of: area) != nil
        }
        var image = noise(width: 32, height: 16, channels: 3)
        image.metadata.exif = exif(
            [
                (tag: 0x0112, kind: 3, count: 1, value: 6),
                (tag: 0x8769, kind: 4, count: 1, value: 38),
            ],
            tail: [1, 0] + area + [0, 0, 0, 0])
        let file = try image.encoded(as: .jpeg)
        #expect(try hasArea(file))
        #expect(try !hasArea(image.encoded(as: .webp)))
        var turned = try Image(decoding: file, name: "it")
        turned.samples[7] ^= 0x40
        #expect(try hasArea(turned.encoded(as: .jpeg)))
        #expect(try !hasArea(turned.encoded(as: .jpeg, quality: 90)))
        #expect(try !hasArea(turned.encoded(as: .png)))
    }

    /// Those in the directory of interoperability, one of them a signed number.
    @Test func relatedSizesFollowThePicture() throws {
        let pointer: [UInt8] = [1, 0, 0x05, 0xA0, 4, 0, 1, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0]
        let sizes: [UInt8] = [
            2, 0, 0x01, 0x10, 9, 0, 1, 0, 0, 0, 9, 9, 0, 0, 0x02, 0x10, 3, 0, 1, 0, 0, 0, 9, 9, 0,
            0, 0, 0, 0, 0,
        ]
        var image = noise(width: 300, height: 5, channels: 1)
        image.metadata.exif = exif(
            [(tag: 0x8769, kind: 4, count: 1, value: 26)], tail: pointer + sizes)
        let back = try Image(decoding: image.encoded(as: .png), name: "it")
        let block = try #require(back.metadata.exif)
        #expect(Array(block[54..<58]) == [44, 1, 0, 0])
        #expect(Array(block[66..<68]) == [5, 0])
    }

    @Test(arguments: ImageFormat.written, DigitalSourceType.allCases)
    func theSourceTypeIsWritten(format: ImageFormat, type: DigitalSourceType) throws {
        let foreign = """
            <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description rdf:about="uuid:7" \
            dc:title="Łódź" tiff:Orientation="1"/></rdf:RDF></x:xmpmeta>
            """
        for existing in [nil, Array("not a packet".utf8), Array(foreign.utf8)] {
            var metadata = ImageMetadata()
            metadata.xmp = existing
            metadata.digitalSourceType = type
            let packet = try #require(try written(metadata, as: format).metadata.xmp)
            #expect(contains(packet, "Iptc4xmpExt:DigitalSourceType=\"\(type.rawValue)\"/>"))
            #expect(contains(packet, "</rdf:RDF>"))
            if existing == Array(foreign.utf8) {
                #expect(contains(packet, "dc:title=\"Łódź\""))
                #expect(packet.ranges(of: Array("rdf:about=\"uuid:7\"".utf8)).count == 2)
            }
            // A second edit replaces the value.
            metadata.xmp = packet
            metadata.digitalSourceType = .trainedAlgorithmicMedia
            let again = try #require(try written(metadata, as: format).metadata.xmp)
            #expect(again.ranges(of: Array(":DigitalSourceType".utf8)).count == 1)
            #expect(contains(again, "/trainedAlgorithmicMedia\""))
        }
    }

    @Test func turningAPictureTurnsTheXMPToo() throws {
        var image = noise(width: 3, height: 2, channels: 1)
        image.metadata.exif = exif([(tag: 0x0112, kind: 3, count: 1, value: 6)])
        image.metadata.xmp = Array(
            "<a tiff:Orientation=\"6\"><tiff:Orientation>6</tiff:Orientation></a>".utf8)
        let back = try Image(decoding: image.encoded(as: .png), name: "it")
        #expect(back.width == 2 && back.height == 3)
        let packet = String(decoding: try #require(back.metadata.xmp), as: UTF8.self)
        #expect(packet == "<a tiff:Orientation=\"1\"><tiff:Orientation>1</tiff:Orientation></a>")
    }

    /// Whatever prefixes a packet has for them.
    @Test func sizesAndTurnsGoByTheirNamespaces() throws {
        var image = noise(width: 3, height: 2, channels: 1)
        image.metadata.exif = exif([(tag: 0x0112, kind: 3, count: 1, value: 6)])
        func packet(_ orientation: Int, _ width: Int, _ height: Int) -> String {
            """
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\
            <rdf:Description xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Orientation='\(orientation)' \
            xmlns:e="http://ns.adobe.com/exif/1.0/" e:PixelXDimension = "\(width)" \
            xmlns:tiff="http://other/" tiff:ImageWidth="9" e:ImageWidth="9">\
            <e:PixelYDimension>\(height)</e:PixelYDimension><t:ImageLength \
            >\(height)</t:ImageLength><t:ImageWidth><a>9</a></t:ImageWidth><e:Note \
            >t:Orientation="6"</e:Note></rdf:Description></rdf:RDF>
            """
        }
        image.metadata.xmp = Array(packet(6, 9, 9).utf8)
        var back = try Image(decoding: image.encoded(as: .png), name: "it")
        #expect(back.metadata.xmp == Array(packet(1, 9, 9).utf8))
        back.metadata.reframe(width: 30, height: 20, isScaled: true)
        #expect(back.metadata.xmp == Array(packet(1, 30, 20).utf8))
    }

    /// Some programs write two numbers, or other ones than short ones.
    @Test(arguments: [
        (kind: 3, count: 2), (kind: 4, count: 1), (kind: 1, count: 1), (kind: 1, count: 4),
    ])
    func theOrientationMayBeOfAnotherKind(_ entry: (kind: Int, count: Int)) throws {
        var image = noise(width: 32, height: 16, channels: 3)
        image.metadata.exif = exif([(0x0112, entry.kind, entry.count, 6)])
        // The end of its value is no part of it.
        if entry.count > 1 { image.metadata.exif?[21] = 7 }
        let file = try image.encoded(as: .jpeg)
        let turned = try Image(decoding: file, name: "it")
        #expect(turned.width == 16 && turned.height == 32)
        let copy = try Image(decoding: turned.encoded(as: .png), name: "it")
        #expect(copy.width == 16 && copy.height == 32)
        // Written over it, the file stays turned as it was.
        var edited = turned
        edited.samples[7] ^= 0x40
        let again = try Image(decoding: edited.encoded(as: .jpeg), name: "it")
        #expect(again.width == 16 && again.height == 32)
    }

    @Test func whatDoesNotFitAJPEGMarkerIsCutDown() throws {
        var metadata = ImageMetadata()
        metadata.xmp = Array(repeating: 0x20, count: 70_000)
        metadata.digitalSourceType = .trainedAlgorithmicMedia
        metadata.exif = exif([], tail: Array(repeating: 7, count: 65_000))
        metadata.parameters = String(repeating: "long ", count: 1000)
        let back = try written(metadata, as: .jpeg).metadata
        #expect(contains(try #require(back.xmp), "trainedAlgorithmicMedia"))
        #expect(back.exif == metadata.exif)
        #expect(back.parameters == nil)
    }

    /// Whatever the block holds, reading and writing end well.
    @Test func damagedEXIFDoesNotCrash() throws {
        // Two directories, an EXIF directory with a comment, and a thumbnail.
        var seed = exif(
            [
                (tag: 0x0112, kind: 3, count: 1, value: 6),
                (tag: 0x8769, kind: 4, count: 1, value: 38),
            ],
            next: 56)
        seed += [1, 0, 0x86, 0x92, 7, 0, 12, 0, 0, 0, 94, 0, 0, 0, 0, 0, 0, 0]
        seed += [2, 0, 0x01, 0x02, 4, 0, 1, 0, 0, 0, 86, 0, 0, 0]
        seed += [0x02, 0x02, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]
        seed += Array("thumb...".utf8) + Array("UNICODE\0".utf8) + [0, 0x68, 0, 0x69]
        var metadata = ImageMetadata()
        metadata.exif = seed
        #expect(try written(metadata, as: .jpeg).metadata.userComment == "hi")
        var generator = Xorshift(state: 7)
        for _ in 0..<2000 {
            var block = seed
            for _ in 0..<3 {
                let place = Int.random(in: 8..<block.count, using: &generator)
                block[place] = UInt8.random(in: 0...120, using: &generator)
            }
            if Bool.random(using: &generator) {
                block.removeLast(Int.random(in: 0..<40, using: &generator))
            }
            metadata.exif = block
            metadata.parameters = nil
            var image = try written(metadata, as: .jpeg)
            image.metadata.parameters = "another text, Steps: 2"
            let back = try Image(decoding: image.encoded(as: .jpeg), name: "it")
            #expect(back.samples.count == 3 * 16 * 16)
        }
    }

    @Test func aProfileInPartsComesBack() throws {
        // A profile that is good, and long by what no tag points at.
        var profile = Array(
            try Data(contentsOf: corpus.appending(path: "Profiles/display-p3.icc")))
        profile += [UInt8](repeating: 0, count: 150_000 - profile.count)
        profile.replaceSubrange(0..<4, with: [0, 2, 0x49, 0xF0])
        profile[140_000] = 1
        var metadata = ImageMetadata()
        metadata.iccProfile = profile
        #expect(try written(metadata, as: .jpeg).metadata.iccProfile == profile)
    }

    /// Names at the very start, inside of other names' values, and without a value: a new packet takes their place.
    @Test(arguments: ["N>x<", "N=", " N", " N='6", " N=\"N='AAAAAAAAAAAAAAAAAAAAAAAA'\" N='6'"])
    func oddPacketsAreNoDanger(_ odd: String) throws {
        let packet = odd.replacing("N", with: "Iptc4xmpExt:DigitalSourceType") + "</rdf:RDF>"
        var image = Image(width: 1, height: 1, channels: 3, samples: [1, 2, 3])
        image.metadata.xmp = Array(packet.utf8)
        image.metadata.digitalSourceType = .trainedAlgorithmicMedia
        #expect(image.metadata.losses(in: .png) == ["its XMP is broken and is left out"])
        let read = try Image(decoding: image.encoded(as: .png), name: "odd").metadata
        let type = DigitalSourceType.trainedAlgorithmicMedia.rawValue
        #expect(read.statedDigitalSourceType == type && read.warnings.isEmpty)
    }

    @Test func turnedPicturesTurnTheirCoding() throws {
        var image = Image(
            width: 16, height: 8, channels: 3, samples: (0..<16 * 8 * 3).map { UInt16($0 % 251) })
        let known = try Image(contentsOf: corpus.appending(path: "Good/444.jpg")).metadata
        var coding = try #require(known.jpegCoding)
        coding.components[0].horizontal = 2
        coding.components[0].table = Array(1...64)
        image.metadata.jpegCoding = coding
        image.metadata.resolution = Resolution(x: 300, y: 72, unit: .inch)
        let turnRight: [UInt8] = [
            0x49, 0x49, 0x2A, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0,
            0,
        ]
        image.metadata.exif = turnRight
        let turned = try Image(decoding: image.encoded(as: .jpeg), name: "turned")
        #expect(turned.width == 8 && turned.height == 16)
        coding = try #require(turned.metadata.jpegCoding)
        #expect(coding.components[0].horizontal == 1 && coding.components[0].vertical == 2)
        #expect(coding.components[0].table.prefix(3) == [1, 9, 17])
        #expect(turned.metadata.resolution == Resolution(x: 72, y: 300, unit: .inch))
    }

    @Test func aLongRecordKeepsItsSettings() throws {
        var image = Image(width: 1, height: 1, channels: 3, samples: [1, 2, 3])
        image.metadata.parameters = String(repeating: "é", count: 40_000) + "\nSteps: 20, Seed: 5"
        let data = try image.encoded(as: .jpeg)
        let text = String(decoding: data, as: UTF8.self)
        #expect(text.contains("é…\nSteps: 20, Seed: 5"))
    }

    /// Some programs end the comment of a GIF with a zero; empty ones say nothing.
    @Test(
        arguments: [
            (Array("Created with a program\0".utf8), "Created with a program"),
            ([0x47, 0x72, 0xFC, 0xDF, 0x65], "Gr\u{FC}\u{DF}e"), ([0], nil), ([], nil),
        ] as [([UInt8], String?)])
    func commentsOfAGIF(_ bytes: [UInt8], _ text: String?) throws {
        var file = Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]
        file += [0x21, 0xFE]
        if !bytes.isEmpty { file += [UInt8(bytes.count)] + bytes }
        file += [0]
        file += [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B]
        let metadata = try Image(decoding: Data(file), name: "a").metadata
        #expect(metadata.text.map(\.value) == [text].compactMap(\.self))
        #expect(metadata.warnings.isEmpty)
    }

    /// 258 bytes behind the packet lead readers of pieces to its end; a packet without them is not one.
    @Test(arguments: [true, false])
    func packetOfAGIF(isWhole: Bool) throws {
        let packet = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><!-- of a GIF --></x:xmpmeta>"
        let magic = [1] + (0...UInt8.max).reversed() + [0]
        var file = Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]
        file += [0x21, 0xFF, 11] + Array("XMP DataXMP".utf8)
        file += isWhole ? packet.utf8 + magic : [UInt8(packet.utf8.count)] + packet.utf8 + [0]
        file += [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B]
        let metadata = try Image(decoding: Data(file), name: "a").metadata
        #expect(metadata.xmp == (isWhole ? Array(packet.utf8) : nil))
        #expect(metadata.warnings.isEmpty)
    }

    /// A marker of a JPEG holds 64 KiB; what has no room in one is named.
    @Test func aJPEGHasNoRoomForLargeBlocks() throws {
        let head: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        var image = Image(width: 1, height: 1, channels: 3, samples: [1, 2, 3])
        for (count, isKept) in [(65_527, true), (65_528, false)] {
            image.metadata.exif = head + [UInt8](repeating: 0, count: count - head.count)
            let read = try Image(decoding: image.encoded(as: .jpeg), name: "a").metadata
            #expect((read.exif != nil) == isKept)
            #expect(image.metadata.losses(in: .jpeg).count == (isKept ? 0 : 1))
            #expect(image.metadata.losses(in: .png).isEmpty)
        }
        image.metadata.exif = nil
        image.metadata.xmp = Array(("<a>" + String(repeating: "b", count: 70_000) + "</a>").utf8)
        #expect(try Image(decoding: image.encoded(as: .jpeg), name: "a").metadata.xmp == nil)
        #expect(
            image.metadata.losses(in: .jpeg) == ["its XMP is too large for a JPEG and is left out"])
    }

    /// Texts of a PNG and comments of a JPEG have no place in other formats; when and with what a file was written is
    /// no news.
    @Test func textsWithoutAPlaceAreNamed() {
        var image = Image(width: 1, height: 1, channels: 3, samples: [1, 2, 3])
        image.metadata.text = ["Software", "date:create", "Title", "workflow"].map {
            TextEntry(keyword: $0, value: "a")
        }
        image.metadata.comments = [[65]]
        let texts = "texts that only a PNG has a place for are left out: Title, workflow"
        #expect(image.metadata.losses(in: .jpeg) == [texts])
        #expect(image.metadata.losses(in: .png) == ["its comment is left out"])
        #expect(image.metadata.losses(in: .webp) == ["its comment is left out", texts])
        image.metadata.comments = [[65], [66]]
        image.metadata.text = []
        #expect(image.metadata.losses(in: .avif) == ["its 2 comments are left out"])
    }

    /// Some programs put the prefix of JPEG's marker in front of a PNG's EXIF.
    @Test func aPNGsEXIFMayHaveAPrefix() throws {
        func checksum(_ bytes: [UInt8]) -> UInt32 {
            var sum = UInt32.max
            for byte in bytes {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
            }
            return ~sum
        }
        func big(_ number: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        }
        let block: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let payload = Array("Exif\0\0".utf8) + block
        let named = Array("eXIf".utf8) + payload
        let chunk = big(UInt32(payload.count)) + named + big(checksum(named))
        let image = Image(width: 1, height: 1, channels: 3, samples: [1, 2, 3])
        var file = try Array(image.encoded(as: .png))
        file.insert(contentsOf: chunk, at: 33)
        let metadata = try Image(decoding: Data(file), name: "a").metadata
        #expect(metadata.exif == block)
        #expect(metadata.warnings.isEmpty)
    }
}
