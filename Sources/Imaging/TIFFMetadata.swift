import CCodecs

extension ImageMetadata {
    /// Takes the tags of a TIFF that describe the photo, and says what became of its samples.
    mutating func readTIFF(_ reader: codec_reader, _ bytes: UnsafeBufferPointer<UInt8>) {
        exif = EXIF.collected(from: bytes)
        resolution = TIFFTags(photoIn: bytes)?.resolution
        parameters = exif.flatMap { EXIF($0)?.settings }
        // Photoshop writes IPTC's data twice, other programs only as a tag of its own.
        if let data = TIFFTags.iptc(in: bytes).map(IPTC.withoutPictures), !data.isEmpty {
            takeResources(PhotoshopResources.iptcResource(data))
        }
        lost.formUnion(TIFFTags.companions(in: bytes))
        let notes: [(codec_reduction, String)] = [
            (codec_from_float, "its floating-point samples became 16 bits from 0 to 1"),
            (codec_from_32_bits, "its 32-bit samples became 16 bits"),
            (codec_without_extra, "samples beside its colours were left out"),
            (codec_from_other_colors, "its colours were converted to 8-bit RGB"),
            (codec_from_lab, "its colours were converted from L*a*b* to sRGB"),
        ]
        for (reduction, note) in notes where reader.reductions & reduction.rawValue != 0 {
            warnings.append(note)
        }
        // The profile is of the colours before they were converted.
        let converted = codec_from_other_colors.rawValue | codec_from_lab.rawValue
        if reader.reductions & converted != 0 { iccProfile = nil }
    }

    /// What libtiff is to write of it, in front of the EXIF.
    func tiffItems() -> [(name: String, bytes: [UInt8])] {
        let packet = XMP.packet(packetWithComment, digitalSourceType: digitalSourceType)
        let items: [(name: String, bytes: [UInt8]?)] = [
            ("ICCP", iccProfile), ("XMP ", packet), ("8BIM", photoshopResources),
        ]
        return items.compactMap { item in item.bytes.map { (item.name, $0) } }
    }
}
