/// The numbers that Python's `json` writes and JSON does not have: NaN, Infinity and -Infinity.
package enum PythonNumbers {
    private static let words = ["NaN", "-Infinity", "Infinity"]

    /// A text of JSON with other words for these numbers where they stand outside of texts in quotes; nil where there
    /// are none.
    package static func replaced(
        in bytes: [UInt8], by replacement: (_ word: String) -> String
    ) -> [UInt8]? {
        var (kept, place, isQuoted) = ([UInt8](), 0, false)
        var hasAny = false
        kept.reserveCapacity(bytes.count)
        while place < bytes.count {
            let byte = bytes[place]
            if isQuoted, byte == UInt8(ascii: "\\") {
                kept += bytes[place..<min(place + 2, bytes.count)]
                place += 2
                continue
            }
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            let mayBegin = !isQuoted && "NI-".utf8.contains(byte)
            let word = mayBegin ? words.first { bytes[place...].starts(with: $0.utf8) } : nil
            if let word { kept += replacement(word).utf8 } else { kept.append(byte) }
            hasAny = hasAny || word != nil
            place += word?.utf8.count ?? 1
        }
        return hasAny ? kept : nil
    }
}
