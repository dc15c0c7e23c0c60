/// A tiny typeface for labels: capitals of 3 by 5 dots, each dot drawn as a square of 2 pixels.
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

    /// The dark pixels of a letter, from its top-left corner.
    static func dots(of character: Character) -> [(row: Int, column: Int)] {
        let upper = character.uppercased()
        let glyph = (upper.count == 1 ? letters[Character(upper)] : nil) ?? letters["?"] ?? ""
        var dots: [(row: Int, column: Int)] = []
        for (row, digit) in glyph.enumerated() {
            let bits = digit.wholeNumberValue ?? 0
            for column in 0..<6 where bits & (4 >> (column / 2)) != 0 {
                dots.append((row: 2 * row, column: column))
                dots.append((row: 2 * row + 1, column: column))
            }
        }
        return dots
    }
}
