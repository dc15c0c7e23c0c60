import Foundation
import Imaging
import Testing

/// What a file says of things beside the picture goes with them, and what it says of the picture stays.
@Suite struct CompanionTests {
    private static let namespaces = """
        xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" \
        xmlns:dc="http://purl.org/dc/elements/1.1/" \
        xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" \
        xmlns:other="http://ns.adobe.com/hdr-gain-map/1.0/" \
        xmlns:Container="http://ns.google.com/photos/1.0/container/" \
        xmlns:Item="http://ns.google.com/photos/1.0/container/item/" \
        xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" \
        xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" \
        xmlns:GImage="http://ns.google.com/photos/1.0/image/" \
        xmlns:Profile="http://ns.google.com/photos/dd/1.0/profile/" \
        xmlns:depthData="http://ns.apple.com/depthData/1.0/" \
        xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" \
        xmlns:own="http://ns.apple.com/depthData/1.0/" \
        xmlns:xmp="http://ns.adobe.com/xap/1.0/" \
        xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"
        """

    /// What a picture has of its XMP and its notes after it was written and read.
    private func read(
        _ attributes: String, _ elements: String = "", as format: ImageFormat = .png
    ) throws -> (xmp: String, notes: [String], again: ImageMetadata) {
        var image = noise(width: 8, height: 8, channels: 3)
        image.metadata.xmp = Array(
            """
            <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \(Self.namespaces)><rdf:Description \
            \(attributes) dc:format="kept">\(elements)<dc:title>kept, too</dc:title>\
            </rdf:Description></rdf:RDF></x:xmpmeta>
            """.utf8)
        let found = try Image(decoding: image.encoded(as: format), name: "it").metadata
        var again = image
        again.metadata = found
        return (
            String(decoding: found.xmp ?? [], as: UTF8.self), found.warnings + found.losses,
            try Image(decoding: again.encoded(as: format), name: "it").metadata
        )
    }

    @Test(arguments: ImageFormat.written)
    func aGainMapIsSaidToBeLeftOut(format: ImageFormat) throws {
        let found = try read(
            "hdrgm:Version=\"1.0\" other:GainMapMax='2.0'",
            """
            <Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item \
            Item:Semantic="GainMap" Item:Length="637"/></rdf:li></rdf:Seq></Container:Directory>
            """, as: format)
        #expect(!found.xmp.contains("GainMap\"") && !found.xmp.contains("Version="))
        #expect(!found.xmp.contains("GainMapMax=") && !found.xmp.contains("637"))
        #expect(found.xmp.contains("dc:format=\"kept\"") && found.xmp.contains(">kept, too<"))
        #expect(found.notes.count == 1 && found.notes[0].contains("HDR layer"))
        #expect(found.again.warnings.isEmpty)
    }

    @Test(arguments: [
        ("GCamera:MotionPhoto=\"1\" GCamera:MotionPhotoVersion=\"1\"", "", "film"),
        ("GCamera:MicroVideo=\"1\" GCamera:MicroVideoOffset=\"4000\"", "", "film"),
        ("OpCamera:OLivePhotoVersion=\"2\" OpCamera:MotionPhotoOwner=\"SECRET\"", "", "film"),
        (
            "MiCamera:XMPMeta=\"SECRET\" MiCamera:MicroVideo=\"1\" VivoCamera:MotionPhoto=\"1\"",
            "",
            "film"
        ),
        ("", "<GDepth:Data>SECRET</GDepth:Data><GImage:Data>SECRET</GImage:Data>", "depth"),
        ("GDepth:Format=\"RangeInverse\" GFocus:BlurAtInfinity=\"SECRET\"", "", "depth"),
        ("GAudio:Mime=\"SECRET\"", "<GAudio:Data>SECRET</GAudio:Data>", "sound"),
        ("", "<Profile:Type>DepthPhoto</Profile:Type>", "depth"),
        ("depthData:DepthDataVersion=\"1\" apdi:AuxiliaryImageType=\"SECRET\"", "", "depth"),
        ("", "<own:DepthDataVersion>1</own:DepthDataVersion>", "depth"),
        (
            "",
            "<GCamera:MotionPhoto>1</GCamera:MotionPhoto><rdf:Bag><rdf:li "
                + "rdf:parseType=\"Resource\"><Container:Item Item:Semantic=\"SECRET\"/></rdf:li></rdf:Bag>",
            "film"
        ),
    ])
    func othersAreToo(attributes: String, elements: String, word: String) throws {
        let found = try read(attributes, elements)
        #expect(found.notes.count == 1 && found.notes[0].contains(word))
        for gone in [
            "MotionPhoto", "MicroVideo=", "OLivePhoto", "SECRET", "RangeInverse", "DepthPhoto",
            "DataVersion",
        ] {
            #expect(!found.xmp.contains(gone))
        }
        #expect(found.xmp.contains("dc:format=\"kept\"") && found.xmp.contains(">kept, too<"))
    }

    /// A thumbnail would go on showing the picture before the edit. It needs no note.
    @Test(arguments: [
        """
        <xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource"><xmpGImg:image>SECRET\
        </xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>
        """,
        "<rdf:Bag><rdf:li xmpGImg:image=\"SECRET\"/></rdf:Bag>",
    ])
    func thumbnailsGo(elements: String) throws {
        let found = try read("xmp:CreatorTool=\"kept 3\"", elements)
        #expect(!found.xmp.contains("SECRET") && found.notes.isEmpty)
        #expect(found.xmp.contains("kept 3"))
    }

    @Test func namesInTextAndCommentsAreNone() throws {
        let text = "<!-- <hdrgm:Version> --><dc:source><![CDATA[<GDepth:Data>]]></dc:source>"
        let found = try read("", text)
        #expect(found.xmp.contains(text) && found.notes.isEmpty)
    }

    /// Samsung's telephones put the film behind the picture, with a directory at its end, and say so nowhere else.
    @Test func aFilmBehindThePictureIsSaidToBeLeftOut() throws {
        let jpeg = try noise(width: 8, height: 8, channels: 3).encoded(as: .jpeg)
        let film = Data("\0\0\u{30}\nMotionPhoto_Data\0\0\0\u{18}ftypmp42SEFH\0SEFT".utf8)
        let found = try Image(decoding: jpeg + film, name: "it")
        #expect(found.metadata.warnings.isEmpty)
        #expect(found.metadata.losses.count == 1 && found.metadata.losses[0].contains("film"))
        var changed = found
        changed.samples[5] ^= 0x40
        #expect(try changed.encoded(as: .jpeg).firstRange(of: Data("ftyp".utf8)) == nil)
        // Others put it there as it is, with a mark of their own behind it.
        let bare = Data("\0\0\0\u{18}ftypmp42\0\0\0\0mp42isomLIVE_1234567".utf8)
        let live = try Image(decoding: jpeg + bare, name: "it").metadata
        #expect(live.warnings.isEmpty && live.losses.count == 1 && live.losses[0].contains("film"))
        // What they put there without a film is only counted.
        let other = Data("Image_UTC_Data123SEFH\0SEFT".utf8)
        let plain = try Image(decoding: jpeg + other, name: "it")
        #expect(plain.metadata.losses.isEmpty)
        #expect(plain.metadata.warnings == ["\(other.count) bytes after the picture were ignored"])
    }

    @Test func whatAThermalCameraMeasuredIsSaidToBeLeftOut() throws {
        let plain = Array(try noise(width: 8, height: 8, channels: 3).encoded(as: .jpeg))
        let marker: [UInt8] = [0xFF, 0xE1, 0, 12] + Array("FLIR\0\u{1}abcd".utf8)
        let file = Data(Array(plain[..<2]) + marker + Array(plain[2...]))
        let image = try Image(decoding: file, name: "it")
        let losses = image.metadata.losses
        #expect(losses.count == 1 && losses[0].contains("thermal"))
        #expect(try Image(decoding: image.encoded(as: .png), name: "it").metadata.losses.isEmpty)
    }

    /// The second picture of a file goes, and so does the list that names it.
    @Test func picturesBehindTheFirstAreSaidToBeLeftOut() throws {
        let jpeg = Array(try noise(width: 8, height: 8, channels: 3).encoded(as: .jpeg))
        func marker(_ payload: String) -> [UInt8] {
            [0xFF, 0xE2, 0, UInt8(payload.utf8.count + 2)] + Array(payload.utf8)
        }
        for (payload, note) in [
            ("MPF\0MM\0*", "other pictures"), ("urn:iso:std:iso:ts:21496:-1\0", "HDR layer"),
        ] {
            let file = Data(jpeg[..<2] + marker(payload) + jpeg[2...] + jpeg)
            let found = try Image(decoding: file, name: "it")
            #expect(found.metadata.warnings.isEmpty && found.metadata.losses.count == 1)
            #expect(found.metadata.losses[0].contains(note))
            // Nothing was changed, so the second picture still belongs to the first.
            let same = try found.encoded(as: .jpeg)
            #expect(same == file && found.isFile(same))
            for change in [
                { (image: inout Image) in image.samples[5] ^= 0x40 },
                { (image: inout Image) in image.metadata.comments.append([0x21]) },
            ] {
                var changed = found
                change(&changed)
                let back = try changed.encoded(as: .jpeg)
                #expect(Array(back).firstRange(of: Array(payload.utf8)) == nil)
                #expect(!changed.isFile(back) && back.count < 2 * jpeg.count)
            }
        }
    }

    /// Quadratic time would be hours for some of these.
    @Test(arguments: [
        "<exif:GPSa>", "<a ", " exif:GPSa='", "<!--", "<a xmlns:a='b'>", "</a>",
        "<exif:GPSa></exif:GPSa>", "<rdf:Description exif:GPSb=\"1\"/>",
    ])
    func longPacketsTakeNoLonger(piece: String) throws {
        var image = noise(width: 4, height: 4, channels: 3)
        image.metadata.xmp = Array(
            String(repeating: piece, count: 1_000_000 / piece.utf8.count).utf8)
        image.metadata.dropLocation()
        let left = String(decoding: image.metadata.xmp ?? [], as: UTF8.self)
        #expect(!left.contains("GPSa>") && !left.contains("GPSb"))
    }
}
