/// What is checked of a recipe's text before a YAML parser sees it, in one pass and without recursion.
enum RecipeOutline {
    /// What a recipe looks like, for errors.
    static let form = "write one `key: value` a line, text in quotes"

    private typealias Line = [Unicode.Scalar]

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
        switch scalar.value {
        case 0x09: "a tab"
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: "a control character"
        default: nil
        }
    }

    /// Checks that the text is `key: value` lines, each key once, each value a scalar.
    static func check(_ text: String, name: String) throws(RecipeError) {
        let lines: [Line] = text.unicodeScalars.split(
            separator: "\n", omittingEmptySubsequences: false
        ).map { Array($0) }
        var lineOfKey: [String: Int] = [:]
        var index = 0
        while index < lines.count {
            let line = lines[index]
            let start = Origin.file(name, line: index + 1, column: 1)
            if isBlank(line) || (lineOfKey.isEmpty && isDocumentStart(line)) {
                index += 1
                continue
            }
            guard let (key, valueColumn) = key(of: line) else {
                throw .malformed("no `key: value`", at: start, remedy: form)
            }
            if let first = lineOfKey.updateValue(index + 1, forKey: key) {
                throw .repeated(
                    key: key, at: start, first: .file(name, line: first, column: 1))
            }
            let next = lines[(index + 1)...].firstIndex { !isBlank($0) && $0.first != " " }
            let end = next ?? lines.count
            var value = Value(lines: lines[index..<end], column: valueColumn, name: name)
            try value.check(of: key)
            index = end
        }
    }

    /// Whether there is nothing but blanks and a comment.
    private static func isBlank(_ line: Line) -> Bool {
        let content = line.drop { $0 == " " }
        return content.isEmpty || content.first == "#"
    }

    private static func isDocumentStart(_ line: Line) -> Bool {
        line.starts(with: "---".unicodeScalars) && isBlank(Array(line.dropFirst(3)))
    }

    /// The key that starts the line, and the column (from 0) behind its colon.
    private static func key(of line: Line) -> (String, Int)? {
        let key = line.prefix {
            $0.properties.isAlphabetic || "_-0123456789".unicodeScalars.contains($0)
        }
        let colon = line[key.endIndex...].firstIndex { $0 != " " }
        guard !key.isEmpty, let colon, line[colon] == ":" else { return nil }
        guard colon + 1 == line.count || line[colon + 1] == " " else { return nil }
        return (String(String.UnicodeScalarView(key)), colon + 1)
    }

    /// What stands behind a key: the rest of its line and the indented lines below.
    private struct Value {
        let lines: ArraySlice<Line>
        var line: Int
        var column: Int
        let name: String

        init(lines: ArraySlice<Line>, column: Int, name: String) {
            (self.lines, self.line, self.column) = (lines, lines.startIndex, column)
            self.name = name
        }

        private var origin: Origin { .file(name, line: line + 1, column: column + 1) }

        /// Checks that this is one scalar.
        mutating func check(of key: String) throws(RecipeError) {
            let empty = RecipeError.malformed(
                "\(key) has no value", at: origin, remedy: "write \"\" for no text")
            guard let first = nextSignificant() else { throw empty }
            if let feature = feature(startingWith: first) {
                throw .malformed(feature, at: origin, remedy: RecipeOutline.form)
            }
            switch first {
            case "|", ">": break
            case "\"", "'": try checkQuoted(by: first)
            default: try checkPlain(empty: empty)
            }
        }

        /// Goes to the first character that is no blank and in no comment.
        private mutating func nextSignificant() -> Unicode.Scalar? {
            while line < lines.endIndex {
                let rest = lines[line][column...]
                if !RecipeOutline.isBlank(Array(rest)),
                    let start = rest.firstIndex(where: { $0 != " " })
                {
                    column = start
                    return rest[start]
                }
                (line, column) = (line + 1, 0)
            }
            return nil
        }

        private func feature(startingWith scalar: Unicode.Scalar) -> String? {
            let isAlone = column + 1 == lines[line].count || lines[line][column + 1] == " "
            switch scalar {
            case "&": return "an anchor"
            case "*": return "an alias"
            case "!": return "a tag"
            case "[", "{", "]", "}", ",": return "a list or mapping"
            case "-" where isAlone, "?" where isAlone, ":" where isAlone: return "a list or mapping"
            case "%", "@", "`": return "text that starts with \(scalar)"
            default: return nil
            }
        }

        /// A plain scalar with a colon and a blank would be a mapping.
        private mutating func checkPlain(empty: RecipeError) throws(RecipeError) {
            let word = lines[line][column...]
            if word.elementsEqual("~".unicodeScalars) || word.elementsEqual("null".unicodeScalars) {
                throw empty
            }
            while line < lines.endIndex {
                let scalars = lines[line]
                for index in column..<scalars.count {
                    if scalars[index] == "#", index == 0 || scalars[index - 1] == " " { break }
                    if scalars[index] == ":",
                        index + 1 == scalars.count || scalars[index + 1] == " "
                    {
                        column = index
                        throw .malformed(
                            "a colon in text without quotes", at: origin,
                            remedy: "put the text in quotes")
                    }
                }
                (line, column) = (line + 1, 0)
            }
        }

        /// Behind the closing quote there may only be a comment.
        private mutating func checkQuoted(by quote: Unicode.Scalar) throws(RecipeError) {
            let opening = origin
            column += 1
            while line < lines.endIndex {
                let scalars = lines[line]
                while column < scalars.count {
                    let isEscape =
                        quote == "\""
                        ? scalars[column] == "\\" : scalars[column...].starts(with: ["'", "'"])
                    if isEscape {
                        column += 2
                    } else if scalars[column] == quote {
                        return try checkNothingFollows(column + 1)
                    } else {
                        column += 1
                    }
                }
                (line, column) = (line + 1, 0)
            }
            throw .malformed("a quote is not closed", at: opening, remedy: "close it")
        }

        private mutating func checkNothingFollows(_ end: Int) throws(RecipeError) {
            column = end
            let closing = origin
            guard nextSignificant() == nil else {
                throw .malformed(
                    "text behind the closing quote", at: origin == closing ? closing : origin,
                    remedy: "escape a quote inside the text by doubling ' or by \\\"")
            }
        }
    }
}
