import Files

/// A block of metadata that ImageMagick writes as text into a PNG: a line break, a name, its length, and the
/// bytes in hexadecimal digits, under a keyword that begins with `Raw profile type`. A PNG has no other place for
/// Photoshop's resources.
struct RawProfile {
    /// What the block is.
    enum Kind {
        case exif, xmp, photoshop, other
    }

    let kind: Kind
    let bytes: [UInt8]

    private static let prefix = "Raw profile type "
    private static let xmpPrefix = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

    /// Nil for another keyword and for what is not written so.
    init?(keyword: String, text: String) {
        guard keyword.hasPrefix(Self.prefix) else { return nil }
        let lines = text.utf8.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: true)
        guard lines.count == 3,
            let count = Int(String(lines[1])?.filter { !$0.isWhitespace } ?? "")
        else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in lines[2] {
            guard let value = Self.value(of: digit) else { continue }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        guard bytes.count == count else { return nil }
        func without(_ prefix: [UInt8]) -> [UInt8] {
            bytes.starts(with: prefix) ? Array(bytes.dropFirst(prefix.count)) : bytes
        }
        switch keyword.dropFirst(Self.prefix.count).lowercased() {
        case "exif": (kind, self.bytes) = (.exif, EXIF.withoutPrefix(bytes))
        case "xmp": (kind, self.bytes) = (.xmp, without(Self.xmpPrefix))
        case "app1":
            (kind, self.bytes) =
                bytes.starts(with: Self.xmpPrefix)
                ? (.xmp, without(Self.xmpPrefix)) : (.exif, EXIF.withoutPrefix(bytes))
        case "8bim", "iptc":
            // Data of IPTC is there with Photoshop's resource around it, or without.
            kind = .photoshop
            self.bytes =
                IPTC.begins(bytes)
                ? PhotoshopResources.iptcResource(bytes) : without(PhotoshopResources.prefix)
        default: (kind, self.bytes) = (.other, bytes)
        }
    }

    /// Photoshop's resources as such a text, 36 bytes a line.
    static func text(ofResources bytes: [UInt8]) -> TextEntry {
        let lines = stride(from: 0, to: bytes.count, by: 36).map {
            bytes[$0..<min($0 + 36, bytes.count)].hexadecimal + "\n"
        }
        return TextEntry(
            keyword: prefix + "iptc", value: "\niptc\n\(bytes.count)\n" + lines.joined())
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
