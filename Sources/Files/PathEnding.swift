/// Parts of paths. Slashes and dots are looked for as single scalars: a mark that is composed with one, as at the beginning
/// of a name, does not hide it.
extension String {
    /// What the paths of safetensors files end in; ComfyUI knows the second, too.
    package static let weightEndings = ["safetensors", "sft"]

    /// Whether a path has a slash.
    public var hasSlash: Bool { unicodeScalars.contains("/") }

    /// The folder of a path with the slash at its end, empty where there is none, and what follows.
    public var folderAndName: (folder: String, name: String) {
        let scalars = unicodeScalars
        guard let slash = scalars.lastIndex(of: "/") else { return ("", self) }
        return (String(scalars[...slash]), String(scalars[scalars.index(after: slash)...]))
    }

    /// The ending of a path's last name without its dot; empty where there is none. Dots at the beginning of a name
    /// begin no ending.
    ///
    /// Foundation's `pathExtension` traps for some paths of slashes and dots that a list may hold, such as `///.///`.
    public var pathEnding: String {
        let scalars = unicodeScalars
        return endingDot.map { dot in
            String(scalars[scalars.index(after: dot)...].prefix { $0 != "/" })
        } ?? ""
    }

    /// The path without its ending, the dot and slashes at its end.
    public var withoutPathEnding: String {
        let scalars = unicodeScalars
        if let dot = endingDot { return String(scalars[..<dot]) }
        let end = scalars.lastIndex { $0 != "/" }
        return end.map { String(scalars[...$0]) } ?? self
    }

    /// The dot before the ending of the last name.
    private var endingDot: Index? {
        let scalars = unicodeScalars
        guard let last = scalars.lastIndex(where: { $0 != "/" }) else { return nil }
        let slash = scalars[...last].lastIndex(of: "/")
        let name = scalars[(slash.map { scalars.index(after: $0) } ?? startIndex)...last]
        guard let dot = name.lastIndex(of: "."), name[..<dot].contains(where: { $0 != "." }) else {
            return nil
        }
        return dot
    }
}
