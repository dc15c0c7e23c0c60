/// Texts of JSON, looked at before Foundation reads them, which takes up to 20 µs and 3 KB for a value.
package enum JSONSize {
    /// The most keys, members and items of all lists and objects in a text.
    static let mostParts = 100_000

    /// The most signs of a number.
    private static let longestNumber = 1000

    /// Whether a text has few enough parts, told by its signs outside of texts in quotes.
    package static func isSmall(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isSmall(UnsafeRawBufferPointer($0)) }
    }

    /// The same of bytes.
    package static func isSmall(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var (parts, number, isQuoted, isEscaped) = (0, 0, false, false)
        for byte in bytes {
            if isQuoted {
                isQuoted = byte != UInt8(ascii: "\"") || isEscaped
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
                continue
            }
            let isOfNumber = (0x2D...0x39).contains(byte)
            number = isOfNumber ? number + 1 : 0
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "{"):
                parts += 1
            default: break
            }
            guard parts <= mostParts, number <= longestNumber else { return false }
        }
        return true
    }
}
