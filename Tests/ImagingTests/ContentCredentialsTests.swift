import Foundation
import Imaging
import Testing

@Suite struct ContentCredentialsTests {
    /// A JUMBF superbox as C2PA makes them: a description with the type, here without contents.
    private func box(type: String) -> [UInt8] {
        let uuid = Array(type.utf8) + [0, 0x11, 0, 0x10, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
        let description = [0, 0, 0, 30] + Array("jumd".utf8) + uuid + [3] + Array("c2pa\0".utf8)
        return [0, 0, 0, 38] + Array("jumb".utf8) + description
    }

    /// The JPEG with an APP11 marker behind its first one.
    private func marked(_ file: Data, with box: [UInt8]) -> Data {
        let payload = Array("JP".utf8) + [0, 1, 0, 0, 0, 1] + box
        let size = payload.count + 2
        let marker: [UInt8] = [0xFF, 0xEB, UInt8(size >> 8), UInt8(size & 255)] + payload
        let first = 4 + Int(file[4]) << 8 + Int(file[5])
        return file.prefix(first) + marker + file.dropFirst(first)
    }

    @Test func aJPEGsManifestIsFound() throws {
        let file = try noise(width: 8, height: 8, channels: 3).encoded(as: .jpeg)
        #expect(EmbeddedManifest(in: file) == nil)
        #expect(EmbeddedManifest(in: marked(file, with: box(type: "c2pa"))) != nil)
        // Other boxes of that kind, such as 360 degree pictures, are none.
        #expect(EmbeddedManifest(in: marked(file, with: box(type: "json"))) == nil)
        _ = try Image(decoding: marked(file, with: box(type: "c2pa")), name: "it")
    }

    @Test func aPNGsManifestIsFound() throws {
        let file = try noise(width: 8, height: 8, channels: 3).encoded(as: .png)
        #expect(EmbeddedManifest(in: file) == nil)
        let manifest = box(type: "c2pa")
        var chunk = Data([0, 0, 0, UInt8(manifest.count)] + Array("caBX".utf8) + manifest)
        chunk += [0, 0, 0, 0]
        #expect(EmbeddedManifest(in: file.prefix(33) + chunk + file.dropFirst(33)) != nil)
    }

    /// exiftool 12 finds no EXIF that comes after it.
    @Test func aPNGsManifestIsBehindItsEXIF() throws {
        var image = noise(width: 8, height: 8, channels: 3)
        image.metadata.exif = Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0]
        let file = try image.encoded(as: .png)
        let signed = ManifestPlace(in: file, .png).file(with: Data(box(type: "c2pa")))
        #expect(EmbeddedManifest(in: signed) != nil)
        let places = ["eXIf", "caBX", "IDAT"].compactMap { signed.range(of: Data($0.utf8)) }
            .map(\.lowerBound)
        #expect(places.count == 3 && places == places.sorted())
    }

    @Test func aWebPsManifestIsFound() throws {
        let file = try noise(width: 8, height: 8, channels: 3).encoded(as: .webp)
        #expect(EmbeddedManifest(in: file) == nil)
        let manifest = box(type: "c2pa")
        let chunk = Array("C2PA".utf8) + [UInt8(manifest.count), 0, 0, 0] + manifest
        #expect(EmbeddedManifest(in: file + chunk) != nil)
    }

    @Test func damageIsNone() throws {
        for format in ImageFormat.written {
            let file = try noise(width: 8, height: 8, channels: 3).encoded(as: format)
            for count in 0..<min(file.count, 300) {
                #expect(EmbeddedManifest(in: file.prefix(count)) == nil)
            }
        }
        #expect(EmbeddedManifest(in: Data([0xFF, 0xD8, 0xFF, 0xEB, 0, 0])) == nil)
        #expect(
            EmbeddedManifest(in: Data([0xFF, 0xD8, 0xFF, 0xEB, 0xFF, 0xFF, 0x4A, 0x50])) == nil)
    }

    @Test(arguments: ImageFormat.written)
    func theSourceTypeIsRead(format: ImageFormat) throws {
        var image = noise(width: 8, height: 8, channels: 3)
        #expect(image.metadata.statedDigitalSourceType == nil)
        image.metadata.digitalSourceType = .trainedAlgorithmicMedia
        let read = try Image(decoding: image.encoded(as: format), name: "it")
        #expect(
            read.metadata.statedDigitalSourceType
                == DigitalSourceType.trainedAlgorithmicMedia.rawValue)
    }
}
