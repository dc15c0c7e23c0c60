extension String {
    /// The ending of a path's last name without its dot; empty where there is none. Dots at the beginning of a name
    /// begin no ending.
    ///
    /// Foundation's `pathExtension` traps for some paths of slashes and dots that a list may hold, such as `///.///`.
    public var pathEnding: String {
        endingDot.map { String(self[index(after: $0)...].prefix { $0 != "/" }) } ?? ""
    }

    /// The path without its ending, the dot and slashes at its end.
    public var withoutPathEnding: String {
        if let dot = endingDot { return String(self[..<dot]) }
        let end = lastIndex { $0 != "/" }
        return end.map { String(self[...$0]) } ?? self
    }

    /// The dot before the ending of the last name.
    private var endingDot: Index? {
        guard let last = lastIndex(where: { $0 != "/" }) else { return nil }
        let start = self[...last].lastIndex(of: "/").map { index(after: $0) } ?? startIndex
        let name = self[start...last]
        guard let dot = name.lastIndex(of: "."), name[..<dot].contains(where: { $0 != "." }) else {
            return nil
        }
        return dot
    }
}
