import Foundation

/// A tiny typeface for labels: capitals of 3 by 5 dots, each dot drawn as a square of 2 pixels, with the
/// marks of Latin letters.
enum Lettering {
    /// Pixels a line is high.
    static let height = 10
    /// Pixels from one letter to the next.
    static let advance = 8

    /// Five digits a letter, one a row from the top; a digit's three bits are the dots of its row.
    private static let letters: [Character: String] = [
        "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644",
        "G": "34553", "H": "55755", "I": "72227", "J": "11152", "K": "55655", "L": "44447",
        "M": "57755", "N": "65555", "O": "25552", "P": "65644", "Q": "25563", "R": "65655",
        "S": "34216", "T": "72222", "U": "55557", "V": "55552", "W": "55775", "X": "55255",
        "Y": "55222", "Z": "71247", "0": "75557", "1": "26227", "2": "61247", "3": "61216",
        "4": "55711", "5": "74616", "6": "34757", "7": "71222", "8": "75757", "9": "75716",
        " ": "00000", ".": "00002", ",": "00024", ":": "02020", "-": "00700", "_": "00007",
        "/": "11244", "%": "51245", "=": "07070", "+": "02720", "(": "12221", ")": "42224",
        "#": "57575", "'": "22000", "!": "22202", "?": "61202", "*": "05250", "|": "22222",
        ";": "02024", "<": "12421", ">": "42124", "[": "64446", "]": "31113", "{": "32423",
        "}": "62126", "\"": "55000", "&": "25256", "@": "25547", "$": "36736", "^": "25000",
        "~": "03600", "\\": "44211", "`": "42000",
    ]

    /// What is drawn for letters and signs that are not made of a letter above and marks.
    private static let others: [Character: String] = [
        "ß": "25656", "ẞ": "25656", "Æ": "36767", "Œ": "37677", "Ø": "35756", "Ł": "46647",
        "Đ": "65756", "Ð": "65756", "Þ": "46564", "–": "00700", "—": "00700", "‘": "22000",
        "’": "22000", "‚": "00024", "“": "55000", "”": "55000", "„": "00055", "«": "03630",
        "»": "06360", "…": "00005", "·": "00200", "•": "00200", "×": "00525", "°": "25200",
        "€": "36763", "£": "36267",
    ]

    /// Two rows of six pixels for a mark, by its Unicode scalar.
    private static let marks: [UInt32: (isAbove: Bool, rows: [String])] = [
        0x300: (true, ["011000", "001100"]), 0x301: (true, ["000110", "001100"]),
        0x302: (true, ["001100", "010010"]), 0x303: (true, ["011001", "100110"]),
        0x304: (true, ["000000", "111111"]), 0x306: (true, ["100001", "011110"]),
        0x307: (true, ["001100", "001100"]), 0x308: (true, ["110011", "110011"]),
        0x30A: (true, ["011110", "010010"]), 0x30B: (true, ["011011", "110110"]),
        0x30C: (true, ["010010", "001100"]), 0x323: (false, ["001100", "001100"]),
        0x326: (false, ["001100", "011000"]), 0x327: (false, ["001100", "011000"]),
        0x328: (false, ["001100", "000110"]),
    ]

    /// The dark pixels of a letter with its marks, from the letter's top-left corner: marks above it are
    /// in rows -3 and -2, marks below it in rows 10 and 11.
    static func dots(of character: Character) -> [(row: Int, column: Int)] {
        let upper = others[character] == nil ? character.uppercased() : String(character)
        let scalars = Array(upper.decomposedStringWithCanonicalMapping.unicodeScalars)
        let isMarked = scalars.dropFirst().allSatisfy(\.properties.isMark)
        let base = scalars.first.map(Character.init) ?? " "
        let glyph = (isMarked ? others[base] ?? letters[base] : nil) ?? letters["?"] ?? ""
        var dots: [(row: Int, column: Int)] = []
        for (row, digit) in glyph.enumerated() {
            let bits = digit.wholeNumberValue ?? 0
            for column in 0..<6 where bits & (4 >> (column / 2)) != 0 {
                dots.append((row: 2 * row, column: column))
                dots.append((row: 2 * row + 1, column: column))
            }
        }
        guard isMarked else { return dots }
        for mark in scalars.dropFirst().compactMap({ marks[$0.value] }) {
            for (row, line) in mark.rows.enumerated() {
                let row = mark.isAbove ? row - 3 : row + height
                for (column, dot) in line.enumerated() where dot == "1" {
                    dots.append((row: row, column: column))
                }
            }
        }
        return dots
    }
}

extension Unicode.Scalar.Properties {
    /// Whether the scalar is drawn above, below or through the letter before it.
    fileprivate var isMark: Bool {
        generalCategory == .nonspacingMark || generalCategory == .enclosingMark
    }
}
