extension ImageMetadata {
    /// Takes out where the picture was taken: the GPS of EXIF and XMP, and such texts in which
    /// programs keep a copy of them. Names of places stay; what a JPEG holds beside its
    /// picture without being read goes.
    public mutating func dropLocation() {
        jpegSource?.isStripped = true
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
        jpegSource?.isStripped = true
        (exif, xmp, parameters, photoshopResources) = (nil, nil, nil, nil)
        (text, comments) = ([], [])
    }
}
