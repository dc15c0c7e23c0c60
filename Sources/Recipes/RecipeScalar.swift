/// What is behind a key: the rest of its line and the indented lines below.
struct RecipeScalar {
    let lines: ArraySlice<RecipeOutline.Line>
    var line: Int
    var column: Int
    let name: String

    init(lines: ArraySlice<RecipeOutline.Line>, column: Int, name: String) {
        (self.lines, self.line, self.column) = (lines, lines.startIndex, column)
        self.name = name
    }

    var origin: Origin { .file(name, line: line + 1, column: column + 1) }

    /// Checks that this is one text.
    mutating func checkText(of key: String) throws(RecipeError) {
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

    /// Checks that this is a list of texts in brackets, the first of which is the next character.
    mutating func checkBrackets() throws(RecipeError) {
        let opening = origin
        column += 1
        var (isStart, quote, count) = (true, nil as Unicode.Scalar?, 1)
        while line < lines.endIndex {
            let scalars = lines[line]
            while column < scalars.count {
                let scalar = scalars[column]
                if let open = quote {
                    let isDoubled = scalars[column...].starts(with: ["'", "'"])
                    if open == "\"" ? scalar == "\\" : isDoubled {
                        column += 1
                    } else if scalar == open {
                        quote = nil
                    }
                } else if scalar == "]" {
                    return try checkNothingFollows(
                        column + 1, the: "bracket", remedy: "close it behind the last text")
                } else if scalar == "#", column == 0 || scalars[column - 1] == " " {
                    break
                } else if isStart, scalar == "\"" || scalar == "'" {
                    (quote, isStart) = (scalar, false)
                } else if scalar == "," {
                    isStart = true
                    count += 1
                    guard count <= RecipeOutline.mostEntries else {
                        throw RecipeBlock.tooMany(at: origin)
                    }
                } else if scalar != " " {
                    try checkInBrackets(scalar, isStart: isStart)
                    isStart = false
                }
                column += 1
            }
            (line, column) = (line + 1, 0)
        }
        throw .malformed("a bracket is not closed", at: opening, remedy: "close it")
    }

    /// Lists in lists and mappings have no use; a colon with a blank makes a mapping.
    private func checkInBrackets(
        _ scalar: Unicode.Scalar, isStart: Bool
    ) throws(RecipeError) {
        let next = column + 1 < lines[line].count ? lines[line][column + 1] : " "
        let isMapping = scalar == ":" && (next == " " || next == "," || next == "]")
        let fault =
            isStart
            ? feature(startingWith: scalar)
            : "[]{}".unicodeScalars.contains(scalar) || isMapping ? "a list or mapping" : nil
        if let fault {
            throw .malformed(fault, at: origin, remedy: "put texts in quotes inside the brackets")
        }
    }

    /// Goes to the first character that is no blank and in no comment.
    mutating func nextSignificant() -> Unicode.Scalar? {
        while line < lines.endIndex {
            let rest = lines[line][column...]
            if !RecipeOutline.isBlank(rest),
                let start = rest.firstIndex(where: { $0 != " " })
            {
                column = start
                return rest[start]
            }
            (line, column) = (line + 1, 0)
        }
        return nil
    }

    func feature(startingWith scalar: Unicode.Scalar) -> String? {
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

    private mutating func checkNothingFollows(
        _ end: Int, the closing: String = "quote",
        remedy: String = "escape a quote inside the text by doubling ' or by \\\""
    ) throws(RecipeError) {
        column = end
        guard nextSignificant() == nil else {
            throw .malformed("text behind the closing \(closing)", at: origin, remedy: remedy)
        }
    }
}
