/// What some files hold beside the picture, and what they say of its frame. Only the picture is read, so nothing may be
/// left in its metadata that says otherwise, nor any smaller copy of it.
public enum Companion: Sendable, CaseIterable {
    /// What makes a picture brighter on screens that can show it (Ultra HDR, ISO 21496-1).
    case gainMap
    /// The film of a motion photo.
    case motion
    /// What was heard.
    case sound
    /// How far away everything is, and what belongs to that.
    case depth
    /// More pictures behind the first (Multi-Picture Format).
    case otherPictures
    /// What a thermal camera measured.
    case thermal
    /// The layers that Photoshop keeps in a TIFF.
    case layers
    /// Where on a map each pixel of a TIFF is.
    case mapPlace
    /// What a camera's maker notes by offsets of its own, which do not hold at another place of a file.
    case makersNotes
    /// A small copy of the picture.
    case thumbnail
    /// A list of what is behind the picture.
    case directory
    /// Which part of a panorama the frame shows.
    case panorama
    /// Where faces and other things are in the frame.
    case regions

    /// What is said of its loss; nil for what is made anew by every program.
    var note: String? {
        switch self {
        case .gainMap: "its HDR layer (a gain map) is left out; the picture itself is kept"
        case .motion: "its film (a motion photo) is left out; the picture itself is kept"
        case .sound: "its sound is left out; the picture itself is kept"
        case .depth: "its depth map is left out; the picture itself is kept"
        case .otherPictures: "the other pictures in the file are left out; the first is kept"
        case .thermal: "its thermal data is left out; the picture itself is kept"
        case .layers: "its Photoshop layers are left out; the picture itself is kept"
        case .mapPlace: "its place on a map (GeoTIFF) is left out; the picture itself is kept"
        case .makersNotes: "its maker's notes are left out, for they cannot be moved"
        case .panorama: "its place in a panorama is left out, for its frame is another"
        case .regions: "the places of faces and things in it are left out, for its frame is another"
        case .thumbnail, .directory: nil
        }
    }

    /// Whether it is behind the picture in the file.
    var isAppended: Bool { [.gainMap, .motion, .depth, .otherPictures, .directory].contains(self) }

    /// The companion that a property of XMP is about.
    init?(_ name: XMP.Name) {
        // Cameras have names of their own for Google's film.
        if ["MotionPhoto", "MicroVideo"].contains(where: name.local.hasPrefix) {
            self = .motion
            return
        }
        let found = Self.namespaces.first { known in
            name.namespace.map { $0.hasPrefix(known.namespace) }
                ?? (known.prefixes.contains(name.prefix))
        }
        guard let found,
            found.locals.isEmpty || found.locals.contains(where: name.local.hasPrefix)
        else { return nil }
        self = found.companion
    }

    /// Where their properties are: a namespace with its usual prefixes, and how the names begin where
    /// not all of it is meant. (Adobe: Gain Map 1.0; Google: Ultra HDR, Motion Photo 1.0, Depthmap
    /// Metadata with audio and focus, Dynamic Depth 1.0; Apple: HDRGainMap, depthData; Adobe: XMP Part 1, 2012, 8.4 and 8.7.)
    private static let namespaces:
        [(
            namespace: String, prefixes: [String], locals: [String], companion: Companion
        )] = [
            ("http://ns.adobe.com/hdr-gain-map/", ["hdrgm"], [], .gainMap),
            ("http://ns.apple.com/HDRGainMap/", ["HDRGainMap"], [], .gainMap),
            ("http://ns.apple.com/depthData/", ["depthData"], [], .depth),
            ("http://ns.apple.com/portraitEffectsMatte/", ["portraitEffectsMatte"], [], .depth),
            ("http://ns.apple.com/pixeldatainfo/", ["apdi"], [], .directory),
            (
                "http://ns.oplus.com/photos/1.0/camera/", ["OpCamera"],
                ["OLivePhoto", "VideoLength"], .motion
            ),
            (
                "http://ns.xiaomi.com/photos/1.0/camera/", ["MiCamera"], ["XMPMeta"], .directory
            ),
            ("http://ns.google.com/photos/1.0/depthmap/", ["GDepth"], [], .depth),
            ("http://ns.google.com/photos/1.0/image/", ["GImage"], [], .depth),
            ("http://ns.google.com/photos/dd/1.0/", ["Device"], [], .depth),
            ("http://ns.google.com/photos/1.0/audio/", ["GAudio"], [], .sound),
            ("http://ns.google.com/photos/1.0/focus/", ["GFocus"], [], .depth),
            ("http://ns.google.com/photos/1.0/container/", ["Container", "Item"], [], .directory),
            ("http://ns.adobe.com/xap/1.0/g/img/", ["xmpGImg"], [], .thumbnail),
            ("http://ns.adobe.com/xap/1.0/", ["xmp", "xap"], ["Thumbnails"], .thumbnail),
        ]
}

extension XMP {
    /// The packet without what is said of companions, and which these were; nil where it is broken.
    static func withoutCompanions(
        _ packet: [UInt8]
    ) -> (packet: [UInt8], found: Set<Companion>)? {
        var found: Set<Companion> = []
        let kept = without(
            { name in
                guard let companion = Companion(name) else { return false }
                found.insert(companion)
                return true
            }, in: packet)
        return kept.map { ($0, found) }
    }
}
