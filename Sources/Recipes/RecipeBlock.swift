/// Lines of a recipe that belong together, checked against a shape. Only as deep as shapes are.
struct RecipeBlock {
    /// The whole text.
    let lines: [RecipeOutline.Line]
    let name: String
    /// The columns behind the dashes that were read, by their lines: a dash counts as a blank then.
    private var starts: [Int: Int] = [:]

    init(lines: [RecipeOutline.Line], name: String) {
        (self.lines, self.name) = (lines, name)
    }

    /// Checks `key: value` lines at one indentation.
    mutating func checkMapping(
        _ range: Range<Int>, indent: Int, of shape: RecipeShape
    ) throws(RecipeError) {
        var places: [String: Origin] = [:]
        var index = range.lowerBound
        while index < range.upperBound {
            let line = lines[index]
            if RecipeOutline.isBlank(line) {
                index += 1
                continue
            }
            let start = origin(index, indent)
            guard indentation(index) == indent,
                let (key, column) = RecipeOutline.key(of: line, at: indent)
            else { throw noKey(index, min(indent, indentation(index))) }
            if let first = places.updateValue(start, forKey: key) {
                throw .repeated(key: key, at: start, first: first)
            }
            try checkCount(places.count, at: start)
            let value = shape.mapping?(key) ?? shape
            let end = self.end(of: index, indent: indent, in: range, isList: value.isList)
            try checkValue(
                of: key,
                RecipeScalar(lines: lines[index..<end], column: column, name: name), as: value)
            index = end
        }
    }

    /// The line behind the last that belongs to the entry that starts at `index`; a list may stand
    /// as far left as its key.
    private func end(of index: Int, indent: Int, in range: Range<Int>, isList: Bool) -> Int {
        lines[(index + 1)..<range.upperBound].indices.first { next in
            if RecipeOutline.isBlank(lines[next]) || indentation(next) > indent { return false }
            return !(isList && indentation(next) == indent && isItem(next, at: indent))
        } ?? range.upperBound
    }

    private func noKey(_ index: Int, _ column: Int) -> RecipeError {
        let names: [Unicode.Scalar: String] = ["&": "an anchor", "*": "an alias", "!": "a tag"]
        let line = lines[index]
        let sign = column < line.count ? names[line[column]] : nil
        return .malformed(
            sign ?? "no `key: value`", at: origin(index, column), remedy: RecipeOutline.form)
    }

    private mutating func checkValue(
        of key: String, _ value: RecipeScalar, as shape: RecipeShape
    ) throws(RecipeError) {
        var found = value
        guard let first = found.nextSignificant() else {
            if shape.nothing { return }
            var text = value
            if shape.text { return try text.checkText(of: key) }
            throw .malformed("\(key) has no value", at: value.origin, remedy: shape.remedy)
        }
        let range = found.line..<value.lines.endIndex
        let isBelow = found.line > value.lines.startIndex
        if isBelow, shape.isList, isItem(found.line, at: found.column) {
            return try checkList(range, indent: found.column, of: shape)
        }
        if shape.texts, first == "[" { return try found.checkBrackets() }
        if isBelow, let keys = shape.mapping,
            RecipeOutline.key(of: lines[found.line], at: found.column) != nil || !shape.text
        {
            return try checkMapping(
                range, indent: found.column, of: RecipeShape(mapping: keys))
        }
        guard shape.text else {
            let what = shape.mappings == nil ? "has no names below it" : "is no list"
            throw .malformed("\(key) \(what)", at: found.origin, remedy: shape.remedy)
        }
        var text = value
        try text.checkText(of: key)
    }

    /// Checks `- item` lines at one indentation.
    private mutating func checkList(
        _ range: Range<Int>, indent: Int, of shape: RecipeShape
    ) throws(RecipeError) {
        var (index, count) = (range.lowerBound, 0)
        while index < range.upperBound {
            if RecipeOutline.isBlank(lines[index]) {
                index += 1
                continue
            }
            guard indentation(index) == indent, isItem(index, at: indent) else {
                throw .malformed(
                    "no `- item`", at: origin(index, min(indent, indentation(index))),
                    remedy: shape.remedy)
            }
            count += 1
            try checkCount(count, at: origin(index, indent))
            starts[index] = indent + 1
            let end = self.end(of: index, indent: indent, in: range, isList: false)
            var item = RecipeScalar(
                lines: lines[index..<end], column: indent + 1, name: name)
            if let keys = shape.mappings {
                guard item.nextSignificant() != nil else {
                    throw .malformed(
                        "an empty item", at: origin(index, indent), remedy: shape.remedy)
                }
                try checkMapping(
                    item.line..<end, indent: item.column, of: RecipeShape(mapping: keys))
            } else {
                try item.checkText(of: "an item")
            }
            index = end
        }
    }

    private func checkCount(_ count: Int, at origin: Origin) throws(RecipeError) {
        if count > RecipeOutline.mostEntries { throw Self.tooMany(at: origin) }
    }

    static func tooMany(at origin: Origin) -> RecipeError {
        .malformed(
            "more than \(RecipeOutline.mostEntries) entries", at: origin,
            remedy: "keep a recipe short")
    }

    private func origin(_ index: Int, _ column: Int) -> Origin {
        .file(name, line: index + 1, column: column + 1)
    }

    private func indentation(_ index: Int) -> Int {
        let line = lines[index]
        return line[(starts[index] ?? 0)...].firstIndex { $0 != " " } ?? line.count
    }

    private func isItem(_ index: Int, at column: Int) -> Bool {
        let line = lines[index]
        guard column < line.count, line[column] == "-" else { return false }
        return column + 1 == line.count || line[column + 1] == " "
    }
}

extension RecipeShape {
    fileprivate var isList: Bool { texts || mappings != nil }
}
