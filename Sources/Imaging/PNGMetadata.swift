/// Keywords with a meaning of their own.
private let parametersKeyword = "parameters"
private let xmpKeyword = "XML:com.adobe.xmp"

extension ImageMetadata {
    mutating func readChunks(_ chunks: [CodecItem], name: String) throws {
        for chunk in chunks {
            switch chunk.name {
            case "eXIf": exif = EXIF.withoutPrefix(chunk.bytes)
            case "iCCP": iccProfile = chunk.bytes
            case "tEXt":
                let parts = chunk.bytes.split(
                    separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2 {
                    read(TextEntry(keyword: latin1(parts[0]), value: latin1(parts[1])))
                }
            case "zTXt": read(TextEntry(keyword: chunk.keyword, value: latin1(chunk.bytes)))
            case "iTXt": readInternational(chunk)
            case "pHYs": resolution = Resolution(pHYs: chunk.bytes)
            default: pngChunks.append(PNGChunk(name: chunk.name, bytes: chunk.bytes))
            }
        }
        // libpng drops the chunk with this warning, which would silently change the colours.
        if (iccProfile?.count ?? 0) > ImageLimits.profileBytes
            || warnings.contains(where: { $0.hasPrefix("iCCP") && $0.contains("memory limits") })
        {
            throw profileTooLarge(name: name, format: .png)
        }
    }

    /// A language, the keyword in it and the text, with a zero behind each of the first two.
    private mutating func readInternational(_ chunk: CodecItem) {
        let parts = chunk.bytes.split(
            separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return }
        if chunk.keyword == xmpKeyword {
            xmp = Array(parts[2])
            return
        }
        var entry = TextEntry(
            keyword: chunk.keyword, value: String(decoding: parts[2], as: UTF8.self))
        entry.language = latin1(parts[0])
        entry.translatedKeyword = String(decoding: parts[1], as: UTF8.self)
        read(entry)
    }

    private mutating func read(_ entry: TextEntry) {
        if let profile = RawProfile(keyword: entry.keyword, text: entry.value) {
            // Its own chunks come first; a copy of them beside them would say what no longer holds.
            switch profile.kind {
            case .exif: exif = exif ?? profile.bytes
            case .xmp: xmp = xmp ?? profile.bytes
            case .photoshop: takeResources(profile.bytes)
            case .other: text.append(entry)
            }
        } else if entry.keyword == parametersKeyword {
            parameters = entry.value
        } else {
            text.append(entry)
        }
    }

    /// The chunks of a PNG file with these pixels, in the order they are written.
    func chunks(for image: Image) -> [PNGChunk] {
        var chunks: [PNGChunk] = []
        if let iccProfile { chunks.append(PNGChunk(name: "iCCP", bytes: iccProfile)) }
        // A profile and `sRGB` exclude each other.
        chunks += pngChunks.filter { iccProfile == nil || $0.name != "sRGB" }
        if let bytes = resolution?.pHYs { chunks.append(PNGChunk(name: "pHYs", bytes: bytes)) }
        if var block = exif.flatMap(EXIF.init) {
            block.setSize(width: image.width, height: image.height)
            // What somebody wrote there stays, for settings have a chunk of their own.
            if let parameters, block.settings != nil { block.setUserComment(parameters) }
            chunks.append(PNGChunk(name: "eXIf", bytes: block.bytes))
        }
        if let packet = XMP.packet(xmp, digitalSourceType: digitalSourceType) {
            chunks.append(textChunk(keyword: xmpKeyword, utf8: packet))
        }
        if let parameters {
            chunks += textChunk(TextEntry(keyword: parametersKeyword, value: parameters))
        }
        if let photoshopResources {
            chunks += textChunk(RawProfile.text(ofResources: photoshopResources))
        }
        return chunks + text.flatMap(textChunk)
    }

    /// `tEXt` if the text is Latin-1 and of no language, otherwise an uncompressed `iTXt`. Nothing if the
    /// keyword is none (1 to 79 Latin-1 characters).
    private func textChunk(_ entry: TextEntry) -> [PNGChunk] {
        guard let keyword = latin1Bytes(entry.keyword), (1...79).contains(keyword.count) else {
            return []
        }
        let value = entry.value.filter { $0 != "\0" }
        let head = [entry.language, entry.translatedKeyword].map { $0.filter { $0 != "\0" } }
        guard head.allSatisfy(\.isEmpty), let bytes = latin1Bytes(value) else {
            return [textChunk(keyword: entry.keyword, utf8: Array(value.utf8), head)]
        }
        return [PNGChunk(name: "tEXt", bytes: keyword + [0] + bytes)]
    }

    /// An `iTXt` chunk without compression.
    ///
    /// - Parameter head: its language and its translated keyword.
    private func textChunk(
        keyword: String, utf8: [UInt8], _ head: [String] = ["", ""]
    ) -> PNGChunk {
        let parts: [UInt8] = head.flatMap { Array($0.utf8) + [0] }
        return PNGChunk(
            name: "iTXt", bytes: (latin1Bytes(keyword) ?? []) + [0, 0, 0] + parts + utf8)
    }
}

/// The text as Latin-1, nil if it does not fit.
private func latin1Bytes(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
        guard let byte = UInt8(exactly: scalar.value) else { return nil }
        bytes.append(byte)
    }
    return bytes
}

func profileTooLarge(name: String, format: ImageFormat) -> ImagingError {
    .unsupported(
        name: name, format: format,
        detail: "a colour profile of more than \(ImageLimits.profileBytes >> 20) MiB")
}
