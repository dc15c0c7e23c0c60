import CCodecs

extension ImageMetadata {
    /// Takes what a HEIF says of its colours and what it has beside the picture.
    mutating func readHEIF(_ reader: codec_reader, _ items: HEIFItems?) {
        // The pixels are turned already.
        xmp = xmp.map { XMP.turned($0, .upright) }
        let kinds = Set(items?.kinds.values.map(\.self) ?? [])
        if reader.companions & codec_depth_map.rawValue != 0 { lost.insert(.depth) }
        if reader.companions & codec_gain_map.rawValue != 0 || kinds.contains("tmap") {
            lost.insert(.gainMap)
        }
        if reader.companions & codec_other_auxiliary.rawValue != 0 { lost.insert(.otherPictures) }
        if let profile = iccProfile {
            // The pixels were made RGB, whatever they are stored as.
            iccProfile = ColorProfile.colors(ofGrey: profile) ?? profile
        } else {
            takeColors(primaries: Int(reader.primaries), transfer: Int(reader.transfer))
        }
    }

    /// Code points of curves that are shown as sRGB's.
    static let usualCurves = [0, 1, 2, 6, 13, 14, 15]

    /// A profile in place of code points (ITU-T H.273). The curves of television are shown as sRGB's by
    /// every program, and so are pictures that say nothing.
    mutating func takeColors(primaries: Int, transfer: Int) {
        if [0, 1, 2].contains(primaries), Self.usualCurves.contains(transfer) { return }
        let curve = Self.usualCurves.contains(transfer) ? 13 : transfer
        iccProfile = ColorProfile.made {
            codec_color_profile_of(Int32(primaries), Int32(curve), $0)
        }
        if iccProfile == nil {
            let kind =
                transfer == 16 ? "HDR (PQ)" : transfer == 18 ? "HDR (HLG)" : "of another kind"
            warnings.append("its colours are \(kind) and taken for sRGB")
        }
    }
}
