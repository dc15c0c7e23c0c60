/// What the chunk `VP8X` says is in the file.
private enum Flag {
    static let profile: UInt8 = 0x20, alpha: UInt8 = 0x10, exif: UInt8 = 0x08, xmp: UInt8 = 0x04
}

extension ImageMetadata {
    /// Takes what all formats but PNG and JPEG have: a profile, EXIF, XMP, Photoshop's resources, a GIF's comments.
    mutating func readBlocks(_ items: [CodecItem], _ format: ImageFormat, name: String) throws {
        func payload(_ kind: String) -> [UInt8]? { items.first { $0.name == kind }?.bytes }
        iccProfile = payload("ICCP")
        if (iccProfile?.count ?? 0) > ImageLimits.profileBytes {
            throw profileTooLarge(name: name, format: format)
        }
        exif = payload("EXIF").map(EXIF.withoutPrefix)
        xmp = payload("XMP ")
        payload("8BIM").map { takeResources($0) }
        parameters = exif.flatMap { EXIF($0)?.settings }
        for comment in items where comment.name == "COM " {
            let text = textBeforeZero(comment.bytes)
            if text.isEmpty { continue }
            if parameters == nil, CommentText.holdsSteps(text) {
                parameters = text
            } else {
                // What PNG has for them (PNG, 3rd edition, 11.3.3.1).
                self.text.append(TextEntry(keyword: "Comment", value: text))
            }
        }
    }

    /// The WebP file of an encoded picture, with these metadata around it.
    func webP(_ encoded: [UInt8], for image: Image) -> [UInt8] {
        let riff = RIFF(encoded)
        func chunk(_ name: String, _ bytes: [UInt8]?) -> [(name: String, bytes: [UInt8])] {
            bytes.map { [(name, $0)] } ?? []
        }
        let exif = exifBlock(for: image)
        let packet = packetWithIPTC
        guard iccProfile != nil || exif != nil || packet != nil else { return encoded }
        let picture = riff.chunks.filter { ["ALPH", "VP8 ", "VP8L"].contains($0.name) }
            .map { (name: $0.name, bytes: Array(encoded[$0.payload])) }
        let flags: UInt8 =
            (iccProfile == nil ? 0 : Flag.profile) | (image.hasAlpha ? Flag.alpha : 0)
            | (exif == nil ? 0 : Flag.exif) | (packet == nil ? 0 : Flag.xmp)
        let canvas = RIFF.little(image.width - 1, 3) + RIFF.little(image.height - 1, 3)
        return RIFF.webP(
            chunk("VP8X", [flags, 0, 0, 0] + canvas) + chunk("ICCP", iccProfile) + picture
                + chunk("EXIF", exif) + chunk("XMP ", packet))
    }

    /// The EXIF block with the size of the picture and the parameters as its comment.
    func exifBlock(for image: Image) -> [UInt8]? {
        guard exif != nil || parameters != nil else { return nil }
        var block = exif.flatMap(EXIF.init) ?? EXIF()
        block.setSize(width: image.width, height: image.height)
        if let parameters { block.setUserComment(parameters) }
        return block.bytes
    }
}
