/// The visible character for each byte in a vocabulary file (Radford et al. 2019, GPT-2):
/// printable Latin-1 characters are kept, the other 68 bytes are numbered from U+0100.
enum ByteAlphabet {
    static let scalars: [Unicode.Scalar] = {
        var count: UInt32 = 0
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
            default:
                defer { count += 1 }
                return Unicode.Scalar(0x100 + count) ?? "\u{FFFD}"
            }
        }
    }()

    private static let bytes = Dictionary(
        uniqueKeysWithValues: zip(scalars, UInt8.min...UInt8.max))

    /// Appends the bytes of a text in this alphabet; other characters are kept.
    static func append(bytesOf text: Substring, to result: inout [UInt8]) {
        for scalar in text.unicodeScalars {
            if let byte = bytes[scalar] {
                result.append(byte)
            } else {
                result += String(scalar).utf8
            }
        }
    }
}
