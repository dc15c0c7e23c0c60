import Foundation

/// A prompt on its way to the byte-pair encoder: normalized, then cut into words.
///
/// Prepares text as CLIP's tokenizer configures the tokenizers library, without regular expressions:
/// canonical composition, white space as one space, lower case; then the longest match of
/// `<|startoftext|>`, `<|endoftext|>`, a contraction (`'s 't 're 've 'm 'll 'd`), a run of letters, one
/// digit, or a run of other visible characters. Its byte-level stage cuts the two marks once more, into
/// `<|`, the letters and `|>`.
struct PromptText {
    let scalars: ArraySlice<Unicode.Scalar>

    /// A stretch of a prompt that is normalized already.
    init(normalized scalars: ArraySlice<Unicode.Scalar>) {
        self.scalars = scalars
    }

    /// Normalizes a stretch of a prompt. Doing it twice is not the same: lower case may leave letters
    /// that would compose.
    init(normalizing text: ArraySlice<Unicode.Scalar>) {
        var result: [Unicode.Scalar] = []
        for scalar in Self.composed(text) {
            if Kind(scalar) != .space {
                Self.appendLowercased(scalar, to: &result)
            } else if result.last != " " {
                result.append(" ")
            }
        }
        scalars = result[...]
    }

    /// Calls `body` with the UTF-8 of each word.
    func forEachWord(_ body: ([UInt8]) -> Void) {
        var rest = scalars
        while let first = rest.first {
            if first == " " {
                rest.removeFirst()
            } else if let mark = Self.marks.first(where: { rest.starts(with: $0) }) {
                body(Self.utf8(mark.prefix(2)))
                body(Self.utf8(mark.dropFirst(2).dropLast(2)))
                body(Self.utf8(mark.suffix(2)))
                rest = rest.dropFirst(mark.count)
            } else {
                let word = Self.firstWord(of: rest, beginning: first)
                body(Self.utf8(word))
                rest = rest[word.endIndex...]
            }
        }
    }

    private static let marks = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }
    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"]
        .map { Array($0.unicodeScalars) }

    private static func firstWord(
        of rest: ArraySlice<Unicode.Scalar>, beginning first: Unicode.Scalar
    ) -> ArraySlice<Unicode.Scalar> {
        if let contraction = contractions.first(where: { rest.starts(with: $0) }) {
            return rest.prefix(contraction.count)
        }
        let kind = Kind(first)
        return kind == .digit ? rest.prefix(1) : rest.prefix { Kind($0) == kind }
    }

    private static func utf8(_ scalars: ArraySlice<Unicode.Scalar>) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in scalars {
            if scalar.isASCII {
                bytes.append(UInt8(scalar.value))
            } else if let encoded = UTF8.encode(scalar) {
                bytes += encoded
            }
        }
        return bytes
    }

    private static func appendLowercased(
        _ scalar: Unicode.Scalar, to result: inout [Unicode.Scalar]
    ) {
        if scalar.isASCII {
            let isUpper = ("A"..."Z").contains(scalar)
            result.append(isUpper ? Unicode.Scalar(UInt8(scalar.value) + 0x20) : scalar)
        } else {
            result += scalar.properties.lowercaseMapping.unicodeScalars
        }
    }

    /// The canonical composition. Nothing below U+0300 composes or moves.
    ///
    /// Long texts are composed in blocks, since sorting a run of n marks takes n² steps: a block ends
    /// before the first scalar past 1024 that joins nothing before it, or after 2048 in any case.
    private static func composed(_ text: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
        guard text.contains(where: { $0.value >= 0x300 }) else { return text }
        var result: [Unicode.Scalar] = []
        var rest = text
        while !rest.isEmpty {
            let end = rest.dropFirst(1024).prefix(1024).firstIndex { !joinsBefore($0) }
            let block = rest[..<(end ?? rest.prefix(2048).endIndex)]
            var view = String.UnicodeScalarView()
            view.append(contentsOf: block)
            for scalar in String(view).precomposedStringWithCanonicalMapping.unicodeScalars {
                appendComposingHangul(scalar, to: &result)
            }
            rest = rest[block.endIndex...]
        }
        return result[...]
    }

    /// Foundation leaves a syllable and its final consonant apart; they are one syllable (Unicode
    /// Standard, 3.12).
    private static func appendComposingHangul(
        _ scalar: Unicode.Scalar, to result: inout [Unicode.Scalar]
    ) {
        let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
        let finals: ClosedRange<UInt32> = 0x11A8...0x11C2
        if finals.contains(scalar.value), let last = result.last, syllables.contains(last.value),
            (last.value - 0xAC00).isMultiple(of: 28),
            let whole = Unicode.Scalar(last.value + scalar.value - 0x11A7)
        {
            result[result.count - 1] = whole
        } else {
            result.append(scalar)
        }
    }

    private static func joinsBefore(_ scalar: Unicode.Scalar) -> Bool {
        let isJamo = (0x1100...0x11FF).contains(scalar.value)
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return isJamo
        }
    }
}

/// What a scalar is to the word splitter.
private enum Kind {
    case space, letter, digit, other

    init(_ scalar: Unicode.Scalar) {
        self = scalar.isASCII ? Self.ofASCII(scalar) : Self.ofAny(scalar)
    }

    private static func ofASCII(_ scalar: Unicode.Scalar) -> Kind {
        switch scalar {
        case "a"..."z", "A"..."Z": .letter
        case "0"..."9": .digit
        case " ", "\u{9}"..."\u{D}": .space
        default: .other
        }
    }

    private static func ofAny(_ scalar: Unicode.Scalar) -> Kind {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            .letter
        case .decimalNumber, .letterNumber, .otherNumber: .digit
        default: scalar.properties.isWhitespace ? .space : .other
        }
    }
}

extension Unicode.Scalar {
    /// Whether it is a letter, a digit or `_`, by which words such as `AND` and `BREAK` stand apart.
    var isOfWord: Bool {
        // The tables of Unicode take long to look up.
        if isASCII { return isASCIILetter || ("0"..."9").contains(self) || self == "_" }
        return properties.isAlphabetic || properties.numericType != nil
    }

    private var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
}
