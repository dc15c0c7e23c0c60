import Foundation
import Imaging
import TestSupport
import Testing

/// The folder made by Scripts/make-image-corpus.py.
let corpus = Fixtures.images

/// The files of a corpus folder that come with a description.
private func files(in folder: String) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(
        atPath: corpus.appending(path: folder).path)
    return (names ?? []).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
}

private func description<Value: Decodable>(of file: URL, as _: Value.Type) throws -> Value {
    let data = try Data(contentsOf: file.appendingPathExtension("json"))
    return try JSONDecoder().decode(Value.self, from: data)
}

private struct Expected: Decodable {
    let width: Int, height: Int, channels: Int, depth: Int, tolerance: Int
    let samples: Data
    let warnings: [String]?
    let lost: [String]?
    let text: [String: String]?
    let parameters: String?
    let chunks: [String]?
    let exif: Bool?
    let profileBytes: Int?

    /// 16-bit samples lie with the low byte first.
    var values: [Int] {
        if depth == 8 { return samples.map { Int($0) } }
        return stride(from: 0, to: samples.count, by: 2).map {
            Int(samples[$0]) | Int(samples[$0 + 1]) << 8
        }
    }
}

private struct Refused: Decodable {
    let code: Int32
    let error: String
}

@Suite struct CorpusTests {
    @Test func corpusIsThere() {
        #expect(files(in: "Good").count >= 100)
        #expect(files(in: "Bad").count >= 45)
    }

    @Test(arguments: files(in: "Good"))
    func decodesToTheReference(name: String) throws {
        let file = corpus.appending(path: "Good/\(name)")
        let expected = try description(of: file, as: Expected.self)
        let image = try Image(contentsOf: file)
        #expect(image.width == expected.width && image.height == expected.height)
        #expect(image.channels == expected.channels && image.depth == expected.depth)
        let values = expected.values
        try #require(values.count == image.samples.count)
        let differences = zip(values, image.samples).map { abs($0 - Int($1)) }
        #expect(try #require(differences.max()) <= expected.tolerance)
    }

    @Test(arguments: files(in: "Good"))
    func findsTheMetadata(name: String) throws {
        let file = corpus.appending(path: "Good/\(name)")
        let expected = try description(of: file, as: Expected.self)
        let found = try Image(contentsOf: file).metadata
        for warning in expected.warnings ?? [] {
            #expect(found.warnings.contains { $0.contains(warning) }, "\(found.warnings)")
        }
        #expect(found.warnings.count == expected.warnings?.count ?? 0, "\(found.warnings)")
        #expect(found.losses.count == expected.lost?.count ?? 0, "\(found.losses)")
        for loss in expected.lost ?? [] {
            #expect(found.losses.contains { $0.contains(loss) }, "\(found.losses)")
        }
        if let text = expected.text {
            #expect(found.text.map(\.keyword).sorted() == text.keys.sorted())
            for entry in found.text { #expect(entry.value == text[entry.keyword]) }
        }
        if let chunks = expected.chunks {
            #expect(found.pngChunks.map(\.name) == chunks.filter { $0 != "pHYs" })
            #expect((found.resolution != nil) == chunks.contains("pHYs"))
        }
        if let exif = expected.exif { #expect((found.exif != nil) == exif) }
        if let bytes = expected.profileBytes { #expect(found.iccProfile?.count ?? 0 == bytes) }
        #expect(found.parameters == expected.parameters)
    }

    /// Written and read again nothing changes; a JPEG goes through PNG here.
    @Test(arguments: files(in: "Good"))
    func survivesPNG(name: String) throws {
        let image = try Image(contentsOf: corpus.appending(path: "Good/\(name)"))
        let back = try Image(decoding: image.encoded(as: .png), name: name)
        #expect(back.samples == image.samples)
        #expect(back.metadata.exif == image.metadata.exif)
        #expect(back.metadata.iccProfile == image.metadata.iccProfile)
        #expect(back.metadata.text == image.metadata.text)
        #expect(back.metadata.parameters == image.metadata.parameters)
        #expect(back.metadata.pngChunks == image.metadata.pngChunks)
        // The colours of the source are those of the copy.
        #expect(back.metadata.warnings.allSatisfy { $0.contains("taken for sRGB") })
    }

    @Test(arguments: files(in: "Bad"))
    func refusesWithReason(name: String) throws {
        let file = corpus.appending(path: "Bad/\(name)")
        let expected = try description(of: file, as: Refused.self)
        let error = try #require(throws: ImagingError.self) { try Image(contentsOf: file) }
        #expect(error.description.contains(expected.error), "\(error)")
        #expect(error.description.hasPrefix("\(file.path): "))
        #expect(error.description.count - file.path.count <= 180)
        #expect(error.exitCode == expected.code)
    }

    @Test func refusesAFolder() throws {
        let error = try #require(throws: ImagingError.self) { try Image(contentsOf: corpus) }
        #expect(error == .folder(name: corpus.path))
        #expect(error.exitCode == 66)
    }

    @Test func refusesADevice() throws {
        let device = URL(filePath: "/dev/zero")
        let error = try #require(throws: ImagingError.self) { try Image(contentsOf: device) }
        #expect(error == .unreadable(name: "/dev/zero", reason: "it is a device; give a file"))
    }

    @Test func refusesAPipeWithoutWaiting() throws {
        let pipe = FileManager.default.temporaryDirectory.appending(path: "pipe-\(UUID())")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        defer { unlink(pipe.path) }
        let error = try #require(throws: ImagingError.self) { try Image(contentsOf: pipe) }
        #expect(error == .unreadable(name: pipe.path, reason: "it is a pipe; give a file"))
    }

    @Test func refusesAMissingFile() throws {
        let missing = corpus.appending(path: "no-such.png")
        let error = try #require(throws: ImagingError.self) { try Image(contentsOf: missing) }
        #expect(error.exitCode == 66)
        #expect(error.description.contains("no such file"))
    }
}

@Suite struct ForeignFileTests {
    @Test(arguments: [
        ("", "is empty, not a picture that is read; give the whole picture"),
        (
            "version https://git-lfs.github.com/spec/v1\n",
            "a Git LFS pointer, not a picture that is "
                + "read; fetch the picture with git lfs pull"
        ),
        (
            "<!DOCTYPE html><html>",
            "an HTML page, not a picture that is read; download the picture itself"
        ),
        ("v/1\u{1}\u{2}", "an OpenEXR, not"), ("P6\n2 2\n255\n", "a Netpbm picture, not"),
        ("\0\0\u{1}\0\u{1}", "a Windows icon, not"), ("#?RADIANCE\n", "a Radiance picture, not"),
        ("%PDF-1.7", "is a PDF, not a picture that is read; convert it to PNG or JPEG first"),
    ])
    func whatIsNoPictureSaysWhatHelps(_ text: String, _ message: String) {
        let error = #expect(throws: ImagingError.self) {
            try Image(decoding: Data(text.utf8), name: "it")
        }
        #expect(error.map { "\($0)".contains(message) } == true, "\(String(describing: error))")
    }
}

/// Damaged files end in an error or in a picture, never in a crash.
@Suite struct MutationTests {
    @Test(arguments: [
        "rgb-8.png", "rgba-16-interlaced.png", "palette-4-transparent.png", "texts.png",
        "profile.png", "orientation-6.png", "420.jpg", "progressive.jpg", "restarts.jpg",
        "ycck.jpg", "profile-parts.jpg", "orientation-6.jpg", "cmyk-profile.jpg",
        "rgba-lossy.webp", "rgb-lossless.webp", "orientation-6.webp", "profile.webp",
        "animated.webp", "plain.heic", "grid.heic", "alpha.heic", "plain.avif", "ten-bits.avif",
        "rgb-16-lzw.tif", "rgb-8-tiles.tif", "float.tif", "cmyk.tif", "group-4.tif", "jpeg.tif",
        "orientation-6.tif", "profile.tif", "palette.tif", "interlaced.gif", "animated.gif",
        "full-table.gif", "part.gif", "rle8.bmp", "565.bmp", "alpha.bmp", "palette-4.bmp",
    ])
    func mutantsDoNotCrash(name: String) throws {
        let seed = Array(try Data(contentsOf: corpus.appending(path: "Good/\(name)")))
        var generator = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        var refused = 0
        for number in 0..<200 {
            let mutant = Data(mutated(seed, number: number, using: &generator))
            do {
                let image = try Image(decoding: mutant, name: name)
                #expect(image.samples.count == image.width * image.height * image.channels)
                guard number % 4 == 0 else { continue }
                _ = try image.encoded(as: .png)
                _ = try image.encoded(as: .webp)
                _ = try image.encoded(as: .tiff)
                if !image.isTransparent { _ = try image.encoded(as: .jpeg) }
            } catch let error as ImagingError {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(refused > 20)
    }

    /// In turn: one to four flipped bits, a cut, a byte left out or put in, a run of 0xFF.
    private func mutated(
        _ seed: [UInt8], number: Int, using generator: inout Xorshift
    ) -> [UInt8] {
        var bytes = seed
        func place() -> Int { Int.random(in: 0..<seed.count, using: &generator) }
        switch number % 5 {
        case 0, 1:
            for _ in 0...(number / 5 % 4) {
                bytes[place()] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
        case 2: bytes.removeSubrange(place()...)
        case 3:
            if number % 2 == 0 { bytes.remove(at: place()) } else { bytes.insert(0, at: place()) }
        default:
            let start = place()
            for index in start..<min(start + 4, seed.count) { bytes[index] = 0xFF }
        }
        return bytes
    }
}
