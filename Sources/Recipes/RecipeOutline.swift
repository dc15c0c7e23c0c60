/// What is checked of a recipe's text before a YAML parser sees it, in one pass and without recursion.
enum RecipeOutline {
    /// What a recipe looks like, for errors.
    static let form = "write one `key: value` a line, text in quotes"

    /// The most keys of a mapping and items of a list.
    static let mostEntries = 1000

    typealias Line = [Unicode.Scalar]

    /// The text of the bytes, without byte order mark and with `\n` for every line end.
    ///
    /// - Throws: `RecipeError.malformed` at the first byte that is not UTF-8 and the first character
    ///   that has no place in a text file (tabs among them: they look like blanks but do not count).
    static func text(_ bytes: [UInt8], name: String) throws(RecipeError) -> String {
        let repaired = String(decoding: bytes, as: UTF8.self)
        var text = String.UnicodeScalarView()
        var (line, column, position) = (1, 1, 0)
        for scalar in repaired.unicodeScalars {
            let width = UTF8.width(scalar)
            let origin = Origin.file(name, line: line, column: column)
            if scalar == "\u{FFFD}", !bytes[position...].starts(with: "\u{FFFD}".utf8) {
                throw .malformed("not UTF-8", at: origin, remedy: "save the file as UTF-8")
            }
            position += width
            if scalar == "\u{FEFF}", position == width { continue }
            if scalar == "\n", position > width, bytes[position - 2] == UInt8(ascii: "\r") {
                continue
            }
            if scalar == "\n" || scalar == "\r" {
                text.append("\n")
                (line, column) = (line + 1, 1)
                continue
            }
            if let fault = fault(of: scalar) {
                throw .malformed(fault, at: origin, remedy: "replace it with blanks")
            }
            text.append(scalar)
            column += 1
        }
        return String(text)
    }

    private static func fault(of scalar: Unicode.Scalar) -> String? {
        guard scalar.isControlInRecipe else { return nil }
        return scalar == "\t" ? "a tab" : "a control character"
    }

    /// Checks that the text is `key: value` lines, each key once, each value what the shape allows.
    static func check(_ text: String, name: String, as shape: RecipeShape) throws(RecipeError) {
        let lines: [Line] = text.unicodeScalars.split(
            separator: "\n", omittingEmptySubsequences: false
        ).map { Array($0) }
        var block = RecipeBlock(lines: lines, name: name)
        let start = lines.firstIndex { !isBlank($0) } ?? lines.endIndex
        let first = start < lines.endIndex && isDocumentStart(lines[start]) ? start + 1 : start
        try block.checkMapping(first..<lines.endIndex, indent: 0, of: shape)
    }

    /// Whether there is nothing but blanks and a comment.
    static func isBlank(_ line: some Collection<Unicode.Scalar>) -> Bool {
        let content = line.drop { $0 == " " }
        return content.isEmpty || content.first == "#"
    }

    private static func isDocumentStart(_ line: Line) -> Bool {
        line.starts(with: "---".unicodeScalars) && isBlank(line.dropFirst(3))
    }

    /// The key that starts at a column of the line, and the column (from 0) behind its colon.
    static func key(of line: Line, at column: Int) -> (String, Int)? {
        let key = line[column...].prefix {
            $0.properties.isAlphabetic || "_-0123456789".unicodeScalars.contains($0)
        }
        let colon = line[key.endIndex...].firstIndex { $0 != " " }
        guard !key.isEmpty, let colon, line[colon] == ":" else { return nil }
        guard colon + 1 == line.count || line[colon + 1] == " " else { return nil }
        return (String(String.UnicodeScalarView(key)), colon + 1)
    }
}
