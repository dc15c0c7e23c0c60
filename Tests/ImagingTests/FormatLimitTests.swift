import Foundation
import Imaging
import Testing

/// The limits on pictures of each format, just reached and just passed (Limits.md).
@Suite struct FormatLimitTests {
    private func bytes(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(number >> (8 * $0) & 0xFF) }
    }

    /// A picture of one row.
    private func bmp(width: Int) -> Data {
        let row = (3 * width + 3) / 4 * 4
        let head = bytes(40, 4) + bytes(width, 4) + bytes(1, 4) + bytes(1, 2) + bytes(24, 2)
        let file = Array("BM".utf8) + bytes(54 + row, 4) + bytes(0, 4) + bytes(54, 4)
        return Data(file + head + [UInt8](repeating: 0, count: 24 + row))
    }

    /// A picture of one row, each pixel a code of nine bits, with a clear code before the codes grow.
    private func gif(width: Int) -> Data {
        var (bits, held, packed) = (0, 0, [UInt8]())
        func put(_ code: Int) {
            held |= code << bits
            bits += 9
            while bits >= 8 {
                packed.append(UInt8(held & 0xFF))
                held >>= 8
                bits -= 8
            }
        }
        for pixel in 0..<width {
            if pixel.isMultiple(of: 200) { put(256) }
            put(1)
        }
        put(257)
        if bits > 0 { packed.append(UInt8(held)) }
        let size = bytes(width, 2) + bytes(1, 2)
        var file = Array("GIF89a".utf8) + size + [0x80, 0, 0] + [0, 0, 0, 255, 255, 255]
        file += [0x2C] + bytes(0, 4) + size + [0, 8]
        for start in stride(from: 0, to: packed.count, by: 255) {
            let block = packed[start..<min(start + 255, packed.count)]
            file += [UInt8(block.count)] + block
        }
        return Data(file + [0, 0x3B])
    }

    /// An uncompressed grey picture of one row.
    private func tiff(width: Int) -> Data {
        func entry(_ tag: Int, _ type: Int, _ value: Int) -> [UInt8] {
            bytes(tag, 2) + bytes(type, 2) + bytes(1, 4) + bytes(value, 4)
        }
        let entries = [
            entry(256, 4, width), entry(257, 4, 1), entry(258, 3, 8), entry(259, 3, 1),
            entry(262, 3, 1), entry(273, 4, 8), entry(277, 3, 1), entry(278, 4, 1),
            entry(279, 4, width),
        ]
        let start = 8 + width + width % 2
        return Data(
            Array("II*\0".utf8) + bytes(start, 4) + [UInt8](repeating: 7, count: start - 8)
                + bytes(entries.count, 2) + entries.joined() + bytes(0, 4))
    }

    private func expect(_ file: (Int) -> Data) throws {
        #expect(try Image(decoding: file(65_500), name: "a").width == 65_500)
        let error = #expect(throws: ImagingError.self) {
            try Image(decoding: file(65_501), name: "a")
        }
        #expect(error == .tooLarge(name: "a", width: 65_501, height: 1))
    }

    @Test func sidesOfABitmap() throws { try expect(bmp) }
    @Test func sidesOfAGIF() throws { try expect(gif) }
    @Test func sidesOfATIFF() throws { try expect(tiff) }

    @Test func sidesOfAnAVIFThatIsWritten() throws {
        func wide(_ width: Int) -> Image {
            Image(
                width: width, height: 1, channels: 1,
                samples: [UInt16](repeating: 0, count: width))
        }
        #expect(throws: Never.self) { try wide(32_767).checkEncodable(as: .avif) }
        #expect(throws: ImagingError.self) { try wide(32_768).checkEncodable(as: .avif) }
        #expect(throws: Never.self) { try wide(16_383).checkEncodable(as: .webp) }
        #expect(throws: ImagingError.self) { try wide(16_384).checkEncodable(as: .webp) }
    }

    /// A grey pixel in a TIFF, with other tags or more: a number, a kind, a count and bytes behind the directory.
    private func tiff(with more: [(tag: Int, kind: Int, count: Int, value: [UInt8])]) -> Data {
        var tags: [(tag: Int, kind: Int, count: Int, value: [UInt8])] = [
            (256, 3, 1, bytes(1, 4)), (257, 3, 1, bytes(1, 4)), (258, 3, 1, bytes(8, 4)),
            (259, 3, 1, bytes(1, 4)), (262, 3, 1, bytes(1, 4)), (273, 4, 1, bytes(8, 4)),
            (277, 3, 1, bytes(1, 4)), (278, 3, 1, bytes(1, 4)), (279, 4, 1, bytes(1, 4)),
        ]
        tags.removeAll { tag in more.contains { $0.tag == tag.tag } }
        tags = (tags + more).sorted { $0.tag < $1.tag }
        var (directory, values) = (bytes(tags.count, 2), [UInt8]())
        let behind = 10 + 2 + 12 * tags.count + 4
        for entry in tags {
            directory += bytes(entry.tag, 2) + bytes(entry.kind, 2) + bytes(entry.count, 4)
            if entry.value.count <= 4 {
                directory += entry.value
            } else {
                directory += bytes(behind + values.count, 4)
                values += entry.value
            }
        }
        return Data(
            Array("II*\0".utf8) + bytes(10, 4) + [7, 0] + directory + bytes(0, 4) + values)
    }

    /// Their samples would be looked for behind the end of a row.
    @Test(arguments: [(3, false), (4, true), (5, false), (6, false), (7, false), (8, true)])
    func palettesHaveWholeSamplesInAByte(bits: Int, isRead: Bool) throws {
        let colors = [UInt8](repeating: 9, count: 6 << bits)
        let file = tiff(with: [
            (258, 3, 1, bytes(bits, 4)), (262, 3, 1, bytes(3, 4)), (320, 3, 3 << bits, colors),
        ])
        #expect(((try? Image(decoding: file, name: "a")) != nil) == isRead)
    }

    /// libtiff would take them for samples from 0 on.
    @Test(arguments: [(1, true), (2, false)])
    func signedSamplesOfATIFFAreRefused(format: Int, isRead: Bool) throws {
        let file = tiff(with: [(339, 3, 1, bytes(format, 4))])
        #expect(((try? Image(decoding: file, name: "a")) != nil) == isRead)
    }

    /// Alpha beside numbers of a palette of four bits: whole and none.
    @Test func alphaBesideAPalette() throws {
        let file = tiff(with: [
            (256, 3, 1, bytes(2, 4)), (258, 3, 2, bytes(4, 2) + bytes(4, 2)),
            (262, 3, 1, bytes(3, 4)), (277, 3, 1, bytes(2, 4)), (279, 4, 1, bytes(2, 4)),
            (320, 3, 48, (0..<48).flatMap { bytes($0 % 16 * 17 << 8, 2) }),
            (338, 3, 1, bytes(2, 4)),
        ])
        var data = file
        data.replaceSubrange(8..<10, with: [0x5F, 0x70])
        let image = try Image(decoding: data, name: "a")
        #expect(image.samples == [85, 85, 85, 255, 119, 119, 119, 0])
    }

    /// Tags that name the same bytes, of each of which libtiff keeps a copy: more than the file has, and 64 KiB.
    @Test func tagsOfATIFFShareFewBytes() throws {
        func isRead(_ shared: Int) -> Bool {
            let value = [UInt8](repeating: 1, count: 1 << 16)
            let others = (0..<shared).map { number in
                (tag: 50_001 + number, kind: 1, count: value.count, value: bytes(0, 4))
            }
            var file = tiff(with: [(50_000, 1, value.count, value)] + others)
            let start = file.count - value.count
            for entry in stride(from: 12, to: start - 4, by: 12)
            where (50_001..<60_000).contains(Int(file[entry]) | Int(file[entry + 1]) << 8) {
                file.replaceSubrange(entry + 8..<entry + 12, with: bytes(start, 4))
            }
            return (try? Image(decoding: file, name: "a")) != nil
        }
        #expect(isRead(0))
        #expect(isRead(1))
        #expect(!isRead(3))
    }

    /// Tiles that are 4096 pixels longer than the picture; one that is longer would be decoded again and again.
    @Test(arguments: [(16, 4112, true), (16, 4128, false), (4112, 16, true), (4128, 16, false)])
    func tilesOfATIFF(width: Int, height: Int, isRead: Bool) throws {
        let count = width * height
        let pixels = [UInt8](repeating: 3, count: count)
        let file = tiff(with: [
            (256, 3, 1, bytes(16, 4)), (257, 3, 1, bytes(16, 4)), (322, 4, 1, bytes(width, 4)),
            (323, 4, 1, bytes(height, 4)), (324, 4, 1, bytes(0, 4)), (325, 4, 1, bytes(count, 4)),
            (50_000, 1, count, pixels),
        ])
        var data = file
        let entry = try #require(
            stride(from: 12, to: data.count, by: 12).first {
                data[$0] == 0x44 && data[$0 + 1] == 0x01
            })
        data.replaceSubrange(entry + 8..<entry + 12, with: bytes(data.count - count, 4))
        #expect(((try? Image(decoding: data, name: "a")) != nil) == isRead)
    }

    /// libtiff goes on with a guess and a warning.
    @Test(arguments: [("group-4.tif", 40), ("jpeg.tif", 62)])
    func damagedFaxesAndJPEGsInATIFF(name: String, place: Int) throws {
        var data = try Data(contentsOf: corpus.appending(path: "Good/\(name)"))
        #expect(throws: Never.self) { try Image(decoding: data, name: name) }
        data[place] ^= 0xFF
        #expect(throws: ImagingError.self) { try Image(decoding: data, name: name) }
    }

    /// libjpeg tells the first of its warnings alone: a harmless one hides that samples are missing.
    @Test func warningsOfAJPEGInATIFF() throws {
        let pixels = noise(width: 64, height: 64, channels: 1)
        let whole = Array(try pixels.encoded(as: .jpeg))
        let scan = try #require(whole.indices.first { whole[$0...].starts(with: [0xFF, 0xDA]) })
        let (stray, half) = ([1, 2, 3] as [UInt8], scan + (whole.count - scan) / 2)
        func isRead(_ picture: [UInt8]) throws -> Bool {
            var file = tiff(with: [
                (256, 3, 1, bytes(64, 4)), (257, 3, 1, bytes(64, 4)), (259, 3, 1, bytes(7, 4)),
                (278, 3, 1, bytes(64, 4)), (279, 4, 1, bytes(picture.count, 4)),
                (50_000, 1, picture.count, picture),
            ])
            let entry = try #require(
                stride(from: 12, to: file.count, by: 12).first {
                    file[$0] == 0x11 && file[$0 + 1] == 0x01
                })
            file.replaceSubrange(
                entry + 8..<entry + 12, with: bytes(file.count - picture.count, 4))
            return (try? Image(decoding: file, name: "a")) != nil
        }
        #expect(try isRead(whole))
        #expect(try isRead(Array(whole.dropLast(2)) + stray + whole.suffix(2)))
        #expect(try !isRead(Array(whole[..<half]) + whole.suffix(2)))
        #expect(try !isRead(Array(whole[..<scan]) + stray + whole[scan..<half] + whole.suffix(2)))
        // The number of the first coefficient, which libjpeg remarks on.
        var odd = whole
        odd[scan + 7] = 1
        #expect(try !isRead(Array(odd[..<half]) + whole.suffix(2)))
    }

    /// With tables of its own a JPEG's commonest code is the bit 0, so a part in one colour at the end is zeros.
    @Test func zerosThatAreSamples() throws {
        for width in 160..<192 {
            let samples = (0..<(width * 3 * 400)).map { index -> UInt16 in
                guard index < width * 3 * 24 else { return 255 }
                return UInt16(index &* 2_654_435_761 >> 16 & 0xFF)
            }
            let image = Image(width: width, height: 400, channels: 3, samples: samples)
            let file = Array(try image.encoded(as: .jpeg))
            let read = try Image(decoding: Data(file), name: "a")
            #expect(read.samples.suffix(width * 3 * 300).allSatisfy { $0 == 255 }, "\(width)")
            // Where some of them are missing, as many zeros as a card may leave are none.
            let end = file.count - 2
            guard file[..<end].suffix(64).allSatisfy({ $0 == 0 }) else { continue }
            let cut = Array(file[..<(end - 40)])
            for filler in [0, 20, 400] {
                let other = cut + [UInt8](repeating: 0, count: filler) + file[end...]
                #expect(throws: ImagingError.self, "\(width) \(filler)") {
                    try Image(decoding: Data(other), name: "a")
                }
            }
        }
    }

    /// Directories of pictures that follow each other; one that follows itself counts once.
    @Test func picturesOfATIFF() throws {
        func notes(_ count: Int, loops: Bool = false) throws -> [String] {
            let one = tiff(with: [])
            let size = one.count - 10
            var file = one
            for page in 1..<count {
                file.replaceSubrange(file.count - 4..<file.count, with: bytes(10 + page * size, 4))
                file += one.dropFirst(10)
            }
            if loops { file.replaceSubrange(file.count - 4..<file.count, with: bytes(10, 4)) }
            return try Image(decoding: file, name: "a").metadata.warnings
        }
        #expect(try notes(1).isEmpty)
        #expect(try notes(3) == ["holds 3 pictures; only the first is read"])
        #expect(try notes(3, loops: true) == ["holds 3 pictures; only the first is read"])
        #expect(try notes(1001) == ["holds 1000 pictures; only the first is read"])
    }

    /// A BigTIFF's tags of the photo are those of a classic one.
    @Test func tagsOfAPhotoInABigTIFF() throws {
        func entry(_ tag: Int, _ kind: Int, _ count: Int, _ value: Int) -> [UInt8] {
            bytes(tag, 2) + bytes(kind, 2) + bytes(count, 8) + bytes(value, 8)
        }
        let maker = Array("A maker of cameras\0".utf8)
        let entries = [
            entry(256, 3, 1, 1), entry(257, 3, 1, 1), entry(258, 3, 1, 8), entry(259, 3, 1, 1),
            entry(262, 3, 1, 1), entry(271, 2, maker.count, 24), entry(273, 4, 1, 16),
            entry(277, 3, 1, 1), entry(278, 3, 1, 1), entry(279, 4, 1, 1),
            entry(0x8769, 18, 1, 48 + 8 + 11 * 20 + 8),
        ]
        var file = Array("II+\0".utf8) + bytes(8, 2) + bytes(0, 2) + bytes(48, 8)
        file += [7, 0, 0, 0, 0, 0, 0, 0] + maker
        file += [UInt8](repeating: 0, count: 48 - file.count)
        file += bytes(entries.count, 8) + entries.joined() + bytes(0, 8)
        file += bytes(1, 8) + entry(0xA403, 3, 1, 1) + bytes(0, 8)
        let metadata = try Image(decoding: Data(file), name: "a").metadata
        let exif = try #require(metadata.exif)
        #expect(exif.starts(with: "II*\0".utf8))
        #expect(String(decoding: exif, as: UTF8.self).contains("A maker of cameras"))
        // The white balance, in a directory of 32 bits.
        #expect(Data(exif).firstRange(of: Data([0x03, 0xA4, 3, 0, 1, 0, 0, 0, 1, 0])) != nil)
    }

    /// A text of 16 MiB is kept; one that is longer is not.
    @Test func valuesOfAPhotoInATIFF() throws {
        func kept(_ count: Int) throws -> Int {
            let text = [UInt8](repeating: 0x41, count: count - 1) + [0]
            let file = tiff(with: [(270, 2, count, text)])
            return try Image(decoding: file, name: "a").metadata.exif?.count ?? 0
        }
        #expect(try kept(16 << 20) > 16 << 20)
        #expect(try kept(16 << 20 + 1) == 0)
    }

    /// So many tags of a directory are looked at; a file with more is refused.
    @Test func tagsOfAPhotoInATIFF() throws {
        func hasCopyright(_ count: Int) throws -> Bool {
            // Nine tags of the picture, and the last.
            let others = (0..<count - 10).map { number in
                (tag: 20_000 + number, kind: 1, count: 1, value: bytes(1, 4))
            }
            let file = tiff(with: others + [(0x8298, 2, 8, Array("by Ann!\0".utf8))])
            let exif = try Image(decoding: file, name: "a").metadata.exif ?? []
            return String(decoding: exif, as: UTF8.self).contains("by Ann!")
        }
        #expect(try hasCopyright(4096))
        #expect(throws: ImagingError.self) { try hasCopyright(4097) }
    }

    /// Comments of a JPEG of 32 MiB are kept; one that reaches beyond is left out with a note.
    @Test func metadataHasSoManyBytes() throws {
        let picture = try Image(
            width: 8, height: 8, channels: 1, samples: [UInt16](repeating: 9, count: 64)
        )
        .encoded(as: .jpeg)
        func comment(_ count: Int) -> [UInt8] {
            [0xFF, 0xFE] + bytes(count + 2, 2).reversed() + [UInt8](repeating: 0x41, count: count)
        }
        let whole = (0..<512).flatMap { _ in comment(65_533) }
        let room = 32 << 20 - 512 * 65_533
        for (extra, isKept) in [(0, true), (1, false)] {
            let file = picture.prefix(2) + whole + comment(room + extra) + picture.dropFirst(2)
            let read = try Image(decoding: Data(file), name: "a").metadata
            #expect(read.comments.count == (isKept ? 513 : 512))
            #expect(read.warnings.isEmpty == isKept, "\(read.warnings)")
        }
    }

    /// Of a million comments in a JPEG 1000 are kept. libjpeg by itself would take hours to list them.
    @Test func aJPEGHasAnyNumberOfMarkers() throws {
        let picture = try Image(
            width: 8, height: 8, channels: 1, samples: [UInt16](repeating: 9, count: 64)
        )
        .encoded(as: .jpeg)
        var file = Data(picture.prefix(2))
        for _ in 0..<1_000_000 { file.append(contentsOf: [0xFF, 0xFE, 0, 2]) }
        let read = try Image(decoding: file + picture.dropFirst(2), name: "a").metadata
        #expect(read.comments.count == 1000)
        #expect(read.warnings == ["999000 pieces of metadata were left out"])
    }

    /// IPTC's data of 1 MiB is kept; more is not.
    @Test func iptcInATIFF() throws {
        func kept(_ count: Int) throws -> Int {
            let head: [UInt8] = [0x1C, 2, 120, 0x80, 4] + bytes(count - 9, 4).reversed()
            let data = head + [UInt8](repeating: 0x41, count: count - 9)
            let file = tiff(with: [(0x83BB, 7, count, data)])
            return try Image(decoding: file, name: "a").metadata.photoshopResources?.count ?? 0
        }
        #expect(try kept(1 << 20) > 1 << 20)
        #expect(try kept(1 << 20 + 1) == 0)
    }

    /// The sizes of files, of which the larger one is not read but for its first bytes.
    @Test func aFileHasSoManyBytes() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try bmp(width: 1).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(throws: Never.self) { try pictureFile(at: file, upTo: 58) }
        #expect(throws: ImagingError.self) { try pictureFile(at: file, upTo: 57) }
        // Without blocks on the disk.
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(ImageLimits.fileBytes) + 1)
        try handle.close()
        let error = #expect(throws: ImagingError.self) { try Image(contentsOf: file) }
        #expect(error?.description.hasSuffix("it is larger than 2 GB") == true, "\(error as Any)")
    }
}
