/// A colour, a byte each of red, green and blue.
public struct Color: Sendable, Equatable, CustomStringConvertible {
    /// 0...255.
    public let red: UInt8
    /// 0...255.
    public let green: UInt8
    /// 0...255.
    public let blue: UInt8

    /// Reads `#rrggbb`; nil for any other text.
    public init?(_ text: some StringProtocol) {
        let digits = text.dropFirst()
        guard text.first == "#", digits.utf8.count == 6, digits.utf8.allSatisfy(isHexDigit),
            let number = UInt32(digits, radix: 16)
        else { return nil }
        red = UInt8(truncatingIfNeeded: number >> 16)
        green = UInt8(truncatingIfNeeded: number >> 8)
        blue = UInt8(truncatingIfNeeded: number)
    }

    /// As it is written: `#00ff7f`.
    public var description: String {
        let digits = [red, green, blue].map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "#" + digits.joined()
    }
}

private func isHexDigit(_ byte: UInt8) -> Bool {
    "0123456789abcdefABCDEF".utf8.contains(byte)
}
