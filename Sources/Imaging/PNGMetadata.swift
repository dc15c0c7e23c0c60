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
                if parts.count == 2 { read(text: latin1(parts[1]), keyword: latin1(parts[0])) }
            case "zTXt": read(text: latin1(chunk.bytes), keyword: chunk.keyword)
            case "iTXt" where chunk.keyword == xmpKeyword: xmp = chunk.bytes
            case "iTXt":
                read(text: String(decoding: chunk.bytes, as: UTF8.self), keyword: chunk.keyword)
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

    private mutating func read(text value: String, keyword: String) {
        if let profile = RawProfile(keyword: keyword, text: value) {
            // Its own chunks come first; a copy of them beside them would say what no longer holds.
            switch profile.kind {
            case .exif: exif = exif ?? profile.bytes
            case .xmp: xmp = xmp ?? profile.bytes
            case .photoshop: takeResources(profile.bytes)
            case .other: text.append(TextEntry(keyword: keyword, value: value))
            }
        } else if keyword == parametersKeyword {
            parameters = value
        } else {
            text.append(TextEntry(keyword: keyword, value: value))
        }
    }

    /// The chunks of a PNG file with these pixels, in the order they are written.
    func chunks(for image: Image) -> [PNGChunk] {
        var chunks: [PNGChunk] = []
        if let iccProfile { chunks.append(PNGChunk(name: "iCCP", bytes: iccProfile)) }
        // A profile and `sRGB` exclude each other.
        chunks += pngChunks.filter { iccProfile == nil || $0.name != "sRGB" }
        if var block = exif.flatMap(EXIF.init) {
            block.setSize(width: image.width, height: image.height)
            if let parameters, block.userComment != nil { block.setUserComment(parameters) }
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

    /// `tEXt` if the text is Latin-1, otherwise an uncompressed `iTXt`. Nothing if the keyword
    /// is none (1 to 79 Latin-1 characters).
    private func textChunk(_ entry: TextEntry) -> [PNGChunk] {
        guard let keyword = latin1Bytes(entry.keyword), (1...79).contains(keyword.count) else {
            return []
        }
        let value = entry.value.filter { $0 != "\0" }
        guard let bytes = latin1Bytes(value) else {
            return [textChunk(keyword: entry.keyword, utf8: Array(value.utf8))]
        }
        return [PNGChunk(name: "tEXt", bytes: keyword + [0] + bytes)]
    }

    /// An `iTXt` chunk: no compression, no language, no translated keyword.
    private func textChunk(keyword: String, utf8: [UInt8]) -> PNGChunk {
        PNGChunk(name: "iTXt", bytes: (latin1Bytes(keyword) ?? []) + [0, 0, 0, 0, 0] + utf8)
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
