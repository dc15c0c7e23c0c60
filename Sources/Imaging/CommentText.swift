import Foundation

/// The text of EXIF's user comment: eight bytes that name its code, and the text in it. Writers name one code
/// and write another, or name none at all.
enum CommentText {
    /// The codes that there are (EXIF 2.32, table 9).
    private enum Code: String, CaseIterable {
        case ascii = "ASCII\0\0\0"
        case jis = "JIS\0\0\0\0\0"
        case unicode = "UNICODE\0"
        case undefined = "\0\0\0\0\0\0\0\0"
    }

    /// The text of a comment. Where no code is in front, it is all text.
    static func text(_ comment: ArraySlice<UInt8>) -> String {
        let code = Code.allCases.first { comment.starts(with: $0.rawValue.utf8) }
        let bytes = code == nil ? comment : comment.dropFirst(8)
        switch code {
        case .unicode: return isNarrow(bytes) ? narrow(bytes) : wide(bytes)
        case .jis: return japanese(bytes) ?? narrow(bytes)
        default: return narrow(bytes)
        }
    }

    /// Whether a text reads as the settings of a program that makes pictures: A1111's, or JSON about a prompt. Cameras
    /// write JSON, too.
    static func areSettings(_ text: String) -> Bool {
        if holdsSteps(text) { return true }
        guard text.first(where: { !$0.isWhitespace }) == "{" else { return false }
        let small = text.lowercased()
        return ["prompt", "steps", "workflow"].contains { small.contains($0) }
    }

    /// Whether a number follows `Steps:`, and another field a comma behind that. A person's words about steps are no
    /// settings.
    static func holdsSteps(_ text: String) -> Bool {
        text.ranges(of: "Steps:").contains { steps in
            let rest = text[steps.upperBound...].drop { $0 == " " }
            let number = rest.prefix { $0.isASCII && $0.isNumber }
            let next = rest.dropFirst(number.count)
            return !number.isEmpty && (next.first != "," || next.prefix(64).contains(":"))
        }
    }

    /// Whether settings are in UTF-8, although the code names UTF-16: in the latter every Latin letter has a zero.
    private static func isNarrow(_ bytes: ArraySlice<UInt8>) -> Bool {
        let found = bytes.prefix { $0 != 0 }
        guard found.count + 1 >= bytes.count, let text = String(validating: found, as: UTF8.self)
        else { return false }
        return areSettings(text)
    }

    /// UTF-16 in either order, which is not laid down. Of the two readings the right one has a byte order mark, is
    /// settings, or has more letters of the Latin range.
    static func wide(_ bytes: ArraySlice<UInt8>) -> String {
        let values = Array(bytes)
        var units = stride(from: 0, to: values.count - 1, by: 2)
            .map { UInt16(values[$0]) << 8 | UInt16(values[$0 + 1]) }
        let swapped = units.map(\.byteSwapped)
        func holdsSteps(_ units: [UInt16]) -> Bool {
            Self.holdsSteps(String(decoding: units, as: UTF16.self))
        }
        func latin(_ units: [UInt16]) -> Int { units.count { $0 < 256 } }
        if ![0xFFFE, 0xFEFF].contains(units.first), holdsSteps(units) != holdsSteps(swapped) {
            if holdsSteps(swapped) { units = swapped }
        } else if units.first == 0xFFFE || latin(swapped) > latin(units) {
            units = swapped
        }
        if units.first == 0xFEFF { units.removeFirst() }
        while units.last == 0 { units.removeLast() }
        return String(decoding: units, as: UTF16.self)
    }

    /// UTF-8 up to the first zero, or Windows' Latin letters where it is none. What a viewer shows in front,
    /// `charset=Unicode `, is no part of it.
    private static func narrow(_ bytes: ArraySlice<UInt8>) -> String {
        let bytes = Array(bytes.prefix { $0 != 0 })
        let text =
            String(validating: bytes, as: UTF8.self)
            ?? String(data: Data(bytes), encoding: .windowsCP1252)
            ?? String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("charset="), let end = text.firstIndex(of: " ") else { return text }
        return String(text[text.index(after: end)...])
    }

    /// JIS X 0208 by its escapes, or as Shift JIS; nil where it is UTF-8 in truth.
    private static func japanese(_ bytes: ArraySlice<UInt8>) -> String? {
        let bytes = Array(bytes.prefix { $0 != 0 })
        if bytes.contains(0x1B) { return String(data: Data(bytes), encoding: .iso2022JP) }
        return String(validating: bytes, as: UTF8.self) == nil
            ? String(data: Data(bytes), encoding: .shiftJIS) : nil
    }
}
