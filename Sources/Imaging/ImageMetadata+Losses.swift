public import FoundationEssentials

extension ImageMetadata {
    /// Kinds of data that a note names.
    private static let mostNamed = 32
    /// Keywords of a PNG under which programs write what they are and when they wrote.
    private static let keywordsOfPrograms: Set = [
        "Software", "Creation Time", "date:create", "date:modify", "date:timestamp",
    ]

    /// What a file of that format has no place for, one short sentence each.
    ///
    /// - Parameter data: the file, which may be a JPEG that is stored turned as its source is.
    public func losses(in format: ImageFormat, writtenAs data: Data? = nil) -> [String] {
        let orientation = format == .jpeg ? data.flatMap(JPEGHeader.init)?.orientation : nil
        let isOverSource = orientation != nil && orientation == jpegSource?.orientation
        var places = isOverSource ? [] : upright.lost.subtracting(lost)
        if format == .tiff, exif.map(EXIF.hasMakersNotes) ?? false { places.insert(.makersNotes) }
        var notes = Companion.allCases.filter(places.contains).compactMap(\.note)
        if format == .jpeg {
            notes += lossesInJPEG
        } else if !comments.isEmpty {
            let count = comments.count
            notes.append(
                count == 1 ? "its comment is left out" : "its \(count) comments are left out")
        }
        if losesXMP { notes.append("its XMP is broken and is left out") }
        if format != .png, losesComment {
            notes.append("its user comment is left out, for the settings take its place")
        }
        if [.webp, .avif].contains(format), let others = counterparts?.others, !others.isEmpty {
            notes.append(
                "IPTC data without a counterpart in XMP is left out: " + Self.list(others))
        }
        let texts = text.map(\.keyword).filter { !Self.keywordsOfPrograms.contains($0) }
        if format != .png, !texts.isEmpty {
            notes.append("texts that only a PNG has a place for are left out: " + Self.list(texts))
        }
        return notes
    }

    private static func list(_ names: [String]) -> String {
        let more = names.count > mostNamed ? " and \(names.count - mostNamed) more" : ""
        return names.prefix(mostNamed).joined(separator: ", ") + more
    }
}
