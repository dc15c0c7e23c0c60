extension ImageMetadata {
    /// Takes out where the picture was taken: the GPS of EXIF and XMP, and such texts in which
    /// programs keep a copy of them. Names of places stay.
    public mutating func dropLocation() {
        exif = exif.map { bytes in
            guard var block = EXIF(bytes) else { return bytes }
            block.dropLocation()
            return block.bytes
        }
        xmp = xmp.flatMap(XMP.withoutLocation)
        text.removeAll {
            $0.keyword.hasPrefix("Raw profile type ") || $0.keyword.lowercased().contains("gps")
        }
    }

    /// Leaves only what the pixels need to be shown rightly: profile, PNG's chunks of that kind, a
    /// JPEG's coding.
    public mutating func dropAllButProfile() {
        (exif, xmp, parameters, photoshopResources) = (nil, nil, nil, nil)
        (text, comments) = ([], [])
    }
}
