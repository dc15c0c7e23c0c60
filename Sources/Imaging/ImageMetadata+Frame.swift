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
        dropPlacesInXMP { !isScaled || $0 != .regions }
        xmp = xmp.map { XMP.sized($0, width: width, height: height) }
    }

    /// Takes out where in the stored picture the camera focussed, and where things are in it (Metadata Working Group:
    /// Guidelines 2.0, 2010, 5.9): neither holds for the upright one.
    mutating func dropStoredPlaces() {
        dropPlacesInEXIF()
        dropPlacesInXMP { $0 == .regions }
    }

    /// As it is written where not over the JPEG that the picture was read from, which may be stored turned.
    var upright: ImageMetadata {
        var metadata = self
        if let source = jpegSource, source.orientation != .upright { metadata.dropStoredPlaces() }
        metadata.jpegSource = nil
        return metadata
    }

    private mutating func dropPlacesInXMP(_ isLost: (Companion) -> Bool) {
        guard let packet = xmp else { return }
        var found: Set<Companion> = []
        xmp = XMP.without(
            { name in
                guard let place = Companion(placeIn: name), isLost(place) else {
                    return name.isPixelPlace
                }
                found.insert(place)
                return true
            }, in: packet)
        lost.formUnion(found)
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
        if name.isIn("http://ns.google.com/photos/1.0/panorama/", "GPano")
            || name.isIn("http://ns.google.com/videos/1.0/spherical/", "GSpherical")
        {
            self = .panorama
        } else if name.isIn("http://www.metadataworkinggroup.com/schemas/regions/", "mwg-rs")
            || name.isIn("http://ns.acdsee.com/regions/", "acdsee-rs")
            || name.isIn("http://ns.apple.com/faceinfo/1.0/", "apple-fi")
            || name.isIn("http://ns.microsoft.com/photo/1.2/", "MP") && name.local == "RegionInfo"
            || name.isIn("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt")
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
        isOfEXIF && ["SubjectArea", "SubjectLocation"].contains(local)
    }
}
