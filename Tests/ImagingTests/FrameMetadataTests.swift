import Foundation
import Imaging
import Testing

/// What a file says of the frame of its picture does not outlive it.
@Suite struct FrameMetadataTests {
    private static let panorama = """
        GPano:ProjectionType="equirectangular" own:FullPanoWidthPixels="64" \
        GPano:CroppedAreaLeftPixels="0"
        """
    private static let faces = """
        <mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag><rdf:li>\
        <rdf:Description mwg-rs:Name="SECRET"><mwg-rs:Area stArea:x="0.5" stArea:y="0.5"/>\
        </rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>\
        <MP:RegionInfo><rdf:Description MPRI:Name="SECRET"/></MP:RegionInfo>\
        <Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li Iptc4xmpExt:Name="SECRET"/></rdf:Bag>\
        </Iptc4xmpExt:ImageRegion><acdsee-rs:Regions acdsee-rs:Name="SECRET"/>\
        <apple-fi:Regions apple-fi:Name="SECRET"/>
        """

    private func picture(exif: [UInt8]? = nil) -> Image {
        var image = noise(width: 8, height: 6, channels: 3)
        image.metadata.exif = exif
        image.metadata.xmp = Array(
            """
            <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
            xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" \
            xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" \
            xmlns:own="http://ns.google.com/photos/1.0/panorama/" \
            xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" \
            xmlns:MP="http://ns.microsoft.com/photo/1.2/" xmlns:dc="http://purl.org/dc/elements/1.1/" \
            xmlns:acdsee-rs="http://ns.acdsee.com/regions/" \
            xmlns:apple-fi="http://ns.apple.com/faceinfo/1.0/" \
            xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" \
            xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/">\
            <rdf:Description \(Self.panorama) dc:format="kept" tiff:ImageWidth="8" \
            exif:PixelYDimension="6">\(Self.faces)<exif:SubjectArea><rdf:Seq><rdf:li>3</rdf:li>\
            </rdf:Seq></exif:SubjectArea><exif:SubjectDistance>5/1</exif:SubjectDistance>\
            <tiff:ImageLength>6</tiff:ImageLength></rdf:Description></rdf:RDF></x:xmpmeta>
            """.utf8)
        return image
    }

    private func xmp(_ metadata: ImageMetadata) -> String {
        String(decoding: metadata.xmp ?? [], as: UTF8.self)
    }

    @Test func whatIsSaidOfAFrameStaysWithIt() throws {
        let same = try Canvas(
            extending: picture(), by: Insets(), overlap: 0)
        #expect(same.image.metadata == picture().metadata)
    }

    /// Places of things are places in the picture as it is stored: they stay as long as that does.
    @Test func thePlacesOfThingsInATurnedPictureGo() throws {
        let sixth: [UInt8] = [
            0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
        ]
        let note = "the places of faces and things in it are left out, for its frame is another"
        func decoded(_ data: Data) throws -> ImageMetadata {
            try Image(decoding: data, name: "it").metadata
        }
        var image = noise(width: 64, height: 48, channels: 3)
        image.metadata = picture(exif: sixth).metadata
        var turned = try Image(decoding: image.encoded(as: .jpeg), name: "it")
        turned.samples[7] ^= 0x40
        #expect(turned.width == 48 && turned.metadata.losses == [])
        func written(_ format: ImageFormat, _ quality: Int? = nil) throws -> [String] {
            let data = try turned.encoded(as: format, quality: quality)
            let isKept = format == .jpeg && quality == nil
            #expect(try xmp(decoded(data)).contains("SECRET") == isKept)
            #expect(try xmp(decoded(data)).contains("kept"))
            return turned.metadata.losses(in: format, writtenAs: data)
        }
        #expect(try written(.jpeg) == [])
        #expect(try written(.jpeg, 90) == [note])
        #expect(try written(.png) == [note])
        #expect(try written(.webp) == [note])
        // A format that is not written over itself.
        let read = try decoded(picture(exif: sixth).encoded(as: .png))
        #expect(!xmp(read).contains("SECRET") && read.losses == [note])
    }

    @Test(arguments: [ImageFormat.png, .jpeg, .webp])
    func aLargerCanvasIsAnotherFrame(format: ImageFormat) throws {
        let canvas = try Canvas(
            extending: picture(), by: Insets(bottom: 2, right: 4), overlap: 0)
        let found = canvas.image.metadata
        for gone in ["Projection", "PanoWidth", "CroppedArea", "SECRET", "Regions", "SubjectArea"] {
            #expect(!xmp(found).contains(gone))
        }
        for kept in [
            "dc:format=\"kept\"", "SubjectDistance", "tiff:ImageWidth=\"12\"",
            "exif:PixelYDimension=\"8\"", "<tiff:ImageLength>8<",
        ] {
            #expect(xmp(found).contains(kept))
        }
        #expect(found.losses.count == 2)
        #expect(found.losses[0].contains("panorama") && found.losses[1].contains("faces"))
        let file = try canvas.image.encoded(as: format)
        #expect(file.firstRange(of: Data("SECRET".utf8)) == nil)
        #expect(file.firstRange(of: Data("PanoWidth".utf8)) == nil)
        #expect(try Image(decoding: file, name: "it").metadata.warnings.isEmpty)
    }

    /// Places in parts of the sides are where they were.
    @Test func facesStayInAPictureThatIsMadeLarger() throws {
        var image = picture()
        image.metadata.reframe(width: 16, height: 12, isScaled: true)
        let found = xmp(image.metadata)
        #expect(found.contains("SECRET") && !found.contains("PanoWidth"))
        #expect(found.contains("tiff:ImageWidth=\"16\""))
        #expect(image.metadata.losses.count == 1)
    }

    /// Paths are in parts of the sides, guides at pixels.
    @Test(arguments: [(false, [1034]), (true, [1034, 2000])])
    func pathsGoWithTheFrame(isScaled: Bool, kept: [Int]) throws {
        func resource(_ number: Int, _ count: UInt8 = 22) -> [UInt8] {
            Array("8BIM".utf8) + [UInt8(number >> 8), UInt8(number & 255), 0, 0, 0, 0, 0, count]
                + [UInt8](repeating: 7, count: Int(count))
        }
        var image = picture()
        image.metadata.xmp = nil
        image.metadata.photoshopResources = [1032, 1034, 2000].flatMap { resource($0) }
        image.metadata.reframe(width: 16, height: 12, isScaled: isScaled)
        #expect(image.metadata.photoshopResources == kept.flatMap { resource($0) })
        #expect(image.metadata.losses.count == 1)
        image.metadata.photoshopResources = resource(2000)
        image.metadata.reframe(width: 18, height: 12, isScaled: false)
        #expect(image.metadata.photoshopResources == nil)
        // A grid without guides and the slice of all of it are no places that anybody would miss.
        var plain = picture()
        plain.metadata.xmp = nil
        plain.metadata.photoshopResources = resource(1032, 16) + resource(1034) + resource(1050)
        plain.metadata.reframe(width: 16, height: 12, isScaled: isScaled)
        #expect(plain.metadata.photoshopResources == resource(1034))
        #expect(plain.metadata.losses.isEmpty)
    }

    /// EXIF has a focus in pixels between two other entries, which stay.
    @Test(arguments: [true, false])
    func theFocusInEXIFGoes(isBigEndian: Bool) throws {
        func bytes(_ value: Int, _ count: Int) -> [UInt8] {
            let little = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            return isBigEndian ? little.reversed() : little
        }
        func entry(_ tag: Int, _ kind: Int, _ count: Int, _ value: [UInt8]) -> [UInt8] {
            bytes(tag, 2) + bytes(kind, 2) + bytes(count, 4) + value
        }
        let start: [UInt8] = isBigEndian ? [0x4D, 0x4D, 0, 42] : [0x49, 0x49, 42, 0]
        let main = bytes(1, 2) + entry(0x8769, 4, 1, bytes(26, 4)) + bytes(0, 4)
        let inner =
            bytes(4, 2) + entry(0x9207, 3, 1, bytes(5, 2) + [0, 0])
            + entry(0x9214, 3, 2, bytes(3, 2) + bytes(4, 2))
            + entry(0xA214, 3, 2, bytes(3, 2) + bytes(4, 2))
            + entry(0xA217, 3, 1, bytes(2, 2) + [0, 0]) + bytes(0, 4)
        let block = start + bytes(8, 4) + main + inner
        let canvas = try Canvas(
            extending: picture(exif: block), by: Insets(top: 2),
            overlap: 0)
        let found = canvas.image.metadata.exif ?? []
        let kept =
            bytes(2, 2) + entry(0x9207, 3, 1, bytes(5, 2) + [0, 0])
            + entry(0xA217, 3, 1, bytes(2, 2) + [0, 0]) + bytes(0, 4)
        #expect(Array(found.dropFirst(26).prefix(kept.count)) == kept)
        #expect(found.count == block.count && found.prefix(26) == block.prefix(26))
    }
}
