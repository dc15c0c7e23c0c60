/// What becomes of EXIF's user comment where settings are written in its place: XMP has a property that stands for it
/// (XMP Specification Part 2, 2016, 3.3).
extension ImageMetadata {
    /// What somebody wrote as EXIF's user comment; nil where that is settings.
    public var userComment: String? {
        guard let block = exif.flatMap({ EXIF($0) }), block.settings == nil else { return nil }
        return block.userComment
    }

    /// A comment that the settings displace.
    private var displacedComment: String? { parameters == nil ? nil : userComment }

    private var hasCommentInXMP: Bool {
        xmp.map { XMP.propertyNames(in: $0).contains("exif:UserComment") } ?? false
    }

    /// The packet with the comment that the settings displace; as it is where it has a comment.
    var packetWithComment: [UInt8]? {
        guard let comment = displacedComment, !hasCommentInXMP else { return xmp }
        let element = XMP.Element(
            prefix: "exif", name: "UserComment", form: .languages, values: [comment])
        return XMP.packet(xmp, adding: [element])
    }

    /// Whether the packet has another comment than the one that the settings displace.
    var losesComment: Bool {
        guard let comment = displacedComment, hasCommentInXMP, let xmp else { return false }
        return xmp.firstRange(of: Array(XMP.escaped(comment).utf8)) == nil
    }

    /// Whether the packet gives way to a new one, because nothing can be put into it.
    var losesXMP: Bool {
        guard let xmp, digitalSourceType != nil || displacedComment != nil else { return false }
        return XMP.endOfProperties(in: xmp) == nil
    }
}
