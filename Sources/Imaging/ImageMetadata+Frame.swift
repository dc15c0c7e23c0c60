extension ImageMetadata {
    /// Brings the metadata in line with another frame: sizes are set, and what is true only of the frame that was
    /// is taken out, which a note names: its place in a panorama, and the places of things in it.
    ///
    /// - Parameter isScaled: whether the frame shows what it showed, larger or smaller; places in parts of its sides
    ///   then stay.
    public mutating func reframe(width: Int, height: Int, isScaled: Bool) {
        dropPlacesInEXIF()
        if let bytes = photoshopResources {
            let kept = PhotoshopResources.withoutPlaces(bytes, keepsPaths: isScaled)
            photoshopResources = kept.resources.isEmpty ? nil : kept.resources
            if kept.found { lost.insert(.regions) }
        }
        guard let packet = xmp else { return }
        var found: Set<Companion> = []
        let kept = XMP.without(
            { name in
                guard let place = Companion(placeIn: name), !isScaled || place != .regions else {
                    return name.isPixelPlace
                }
                found.insert(place)
                return true
            }, in: packet)
        xmp = kept.map { XMP.sized($0, width: width, height: height) }
        lost.formUnion(found)
    }

    /// Takes out where in the stored picture the camera focussed, which does not hold for the upright one.
    mutating func dropStoredPlaces() {
        dropPlacesInEXIF()
        xmp = xmp.map { packet in XMP.without({ $0.isPixelPlace }, in: packet) ?? packet }
    }

    private mutating func dropPlacesInEXIF() {
        exif = exif.map { bytes in
            guard var block = EXIF(bytes) else { return bytes }
            block.dropPlaces()
            return block.bytes
        }
    }
}

extension Companion {
    /// What a property says of the frame (Google: Photo Sphere XMP; Metadata Working Group: Guidelines 2.0, 2010, 5.9;
    /// Microsoft: People Tagging; IPTC: Photo Metadata Standard 2019.1).
    fileprivate init?(placeIn name: XMP.Name) {
        func isIn(_ namespace: String, _ prefix: String) -> Bool {
            name.namespace.map { $0 == namespace } ?? (name.prefix == prefix)
        }
        if isIn("http://ns.google.com/photos/1.0/panorama/", "GPano")
            || isIn("http://ns.google.com/videos/1.0/spherical/", "GSpherical")
        {
            self = .panorama
        } else if isIn("http://www.metadataworkinggroup.com/schemas/regions/", "mwg-rs")
            || isIn("http://ns.acdsee.com/regions/", "acdsee-rs")
            || isIn("http://ns.apple.com/faceinfo/1.0/", "apple-fi")
            || isIn("http://ns.microsoft.com/photo/1.2/", "MP") && name.local == "RegionInfo"
            || isIn("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt")
                && name.local == "ImageRegion"
        {
            self = .regions
        } else {
            return nil
        }
    }
}

extension XMP.Name {
    /// Whether it is where the camera focussed, in pixels, of which EXIF is dropped, too.
    fileprivate var isPixelPlace: Bool {
        (namespace.map { $0 == "http://ns.adobe.com/exif/1.0/" } ?? (prefix == "exif"))
            && ["SubjectArea", "SubjectLocation"].contains(local)
    }
}
