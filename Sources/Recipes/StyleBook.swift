import Foundation

/// Styles as AUTOMATIC1111 keeps them in `styles.csv`: words to put around a prompt, by name.
public struct StyleBook: Sendable, Equatable {
    /// One of them.
    public struct Style: Sendable, Equatable {
        /// What it is called.
        public let name: String
        /// What goes around the prompt: `{prompt}` is its place; without one it goes behind it.
        public let prompt: String
        /// The same for what the picture should not show.
        public let negativePrompt: String
    }

    /// The styles in the order of the file, the last of those that have one name.
    public let styles: [Style]
    private let path: String

    /// The file where styles are looked for by name: `styles.csv` beside the folder of presets.
    public static func place(environment: [String: String]) -> String? {
        PresetShelf(environment: environment).folder.map { RecipeFolder.of($0) + "/styles.csv" }
    }

    /// Reads a file: comma separated values in UTF-8, the first row `name,prompt,negative_prompt`, or as
    /// of old `name,text`. Rows whose name begins with `#` are left out.
    ///
    /// - Throws: `RecipeError` with the place of what is wrong.
    public init(inFile path: String) throws(RecipeError) {
        let bytes: [UInt8]
        do {
            bytes = try PresetShelf(environment: [:]).read(path, atMost: Self.largest)
        } catch .unreadable(_, let reason) {
            throw .malformed(
                "cannot read the styles, \(reason.lowercased())", at: .argument(path),
                remedy: "give a styles.csv")
        }
        try self.init(bytes, path: path)
    }

    private static let largest = 4 << 20

    /// Reads the bytes of a file; `path` stands for it in errors.
    public init(_ bytes: [UInt8], path: String) throws(RecipeError) {
        guard bytes.count <= Self.largest else {
            throw .malformed(
                "too long for styles", at: .argument(path), remedy: "keep it under 4 MiB")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed("not UTF-8", at: .argument(path), remedy: "save the file as UTF-8")
        }
        self.path = path
        let rows = try CSV.rows(of: text.withoutByteOrderMark[...], path)
        let head = rows.first?.fields.map {
            $0.trimmed.lowercased().replacing(" ", with: "_").replacing("-", with: "_")
        }
        guard let head, let name = head.firstIndex(of: "name"),
            let prompt = head.firstIndex(of: "prompt") ?? head.firstIndex(of: "text")
        else {
            throw .malformed(
                "no row of names", at: .file(path, line: 1, column: 1),
                remedy: "begin the file with name,prompt,negative_prompt")
        }
        let negative = head.firstIndex(of: "negative_prompt")
        var styles: [Style] = []
        for row in rows.dropFirst() {
            func field(_ index: Int?) -> String {
                index.flatMap { row.fields.indices.contains($0) ? row.fields[$0] : nil } ?? ""
            }
            let style = Style(
                name: field(name).trimmed, prompt: field(prompt), negativePrompt: field(negative))
            if !style.name.isEmpty, !style.name.hasPrefix("#") { styles.append(style) }
        }
        var seen: Set<String> = []
        self.styles = styles.reversed().filter { seen.insert($0.name).inserted }.reversed()
    }

    /// The styles of names that were parted at each `;`: some have one themselves, and of such the longest counts.
    func styles(called parts: [String]) throws(RecipeError) -> [Style] {
        let long = styles.filter { $0.name.contains(";") }.map { style in
            (parts: items(of: style.name) ?? [], style: style)
        }.sorted { $0.parts.count > $1.parts.count }
        var (found, rest) = ([Style](), parts[...])
        while let first = rest.first {
            if let (names, style) = long.first(where: {
                $0.parts.first == first && rest.starts(with: $0.parts)
            }) {
                found.append(style)
                rest = rest.dropFirst(names.count)
            } else {
                found.append(try style(first))
                rest = rest.dropFirst()
            }
        }
        return found
    }

    /// The style of that name.
    func style(_ name: String) throws(RecipeError) -> Style {
        if let style = styles.first(where: { $0.name == name }) { return style }
        let meant = nearMiss(name, among: styles.map(\.name))
        throw .malformed(
            "no style '\(name.prefix(40))'", at: .argument(path),
            remedy: meant.map { "did you mean '\($0)'?" }
                ?? "it has " + styles.prefix(5).map(\.name).joined(separator: ", "))
    }
}

extension Recipe {
    /// The recipe with the styles that it asks for around its prompts, one after the other, as
    /// AUTOMATIC1111 does it; it asks for none afterwards.
    ///
    /// - Parameter book: where they are, opened only if there are any.
    public func takingStyles(
        from book: () throws(RecipeError) -> StyleBook
    ) throws(RecipeError) -> Recipe {
        guard !styles.isEmpty else { return self }
        let book = try book()
        var taken = self
        for style in try book.styles(called: styles) {
            let origin = Origin.argument("style '\(style.name.prefix(40))'")
            taken.prompt = try styled(taken.prompt, style.prompt, at: origin)
            taken.negativePrompt = try styled(
                taken.negativePrompt, style.negativePrompt, at: origin)
            // Where the second run has prompts of its own, these are styled, too.
            if !hires.prompt.isEmpty {
                taken.hires.prompt = try styled(taken.hires.prompt, style.prompt, at: origin)
            }
            if !hires.negativePrompt.isEmpty {
                taken.hires.negativePrompt = try styled(
                    taken.hires.negativePrompt, style.negativePrompt, at: origin)
            }
        }
        taken.styles = []
        return taken.forgettingDraws(unlessOf: self)
    }
}

/// A prompt in the place of `{prompt}`, else with the style behind it.
private func styled(
    _ prompt: String, _ style: String, at origin: Origin
) throws(RecipeError) -> String {
    let places = style.count(of: "{prompt}")
    guard style.utf8.count + max(places, 1) * (prompt.utf8.count + 2) <= Recipe.longestText else {
        throw .longPrompt(at: origin)
    }
    if places > 0 { return style.replacing("{prompt}", with: prompt) }
    return [prompt, style].map(\.trimmed).filter { !$0.isEmpty }.joined(separator: ", ")
}

extension Kind<[String]> {
    /// Names of styles, which may hold commas.
    static var styles: Kind {
        Kind(
            expected: "names of styles, joined by ;",
            parse: { items(of: $0) },
            value: { $0.isEmpty ? nil : .text($0.joined(separator: ";")) })
    }
}

/// Comma separated values (RFC 4180), blanks behind commas skipped.
enum CSV {
    /// A row with the line it begins on, from 1.
    struct Row: Equatable {
        let fields: [String]
        let line: Int
    }

    /// The rows of a text; empty lines are none.
    static func rows(of text: Substring, _ path: String) throws(RecipeError) -> [Row] {
        var rows: [Row] = []
        var (fields, field) = ([String](), "")
        var (line, start, opened) = (1, 1, 1)
        var state = State.start
        func endRow() {
            if !fields.isEmpty || !field.isEmpty || state != .start {
                rows.append(Row(fields: fields + [field], line: start))
            }
            (fields, field, state) = ([], "", .start)
        }
        for character in text {
            let isLineEnd = character.isNewline
            switch (state, character) {
            case (.quoted, "\""): state = .behindQuote
            case (.quoted, _): field.append(isLineEnd ? "\n" : character)
            case (.behindQuote, "\""):
                field.append("\"")
                state = .quoted
            case (.start, "\""): (state, opened) = (.quoted, line)
            case (.start, " "): break
            case (_, ","):
                fields.append(field)
                (field, state) = ("", .start)
            case _ where isLineEnd:
                endRow()
                start = line + 1
            default:
                field.append(character)
                state = .plain
            }
            if isLineEnd { line += 1 }
        }
        guard state != .quoted else {
            throw .malformed(
                "a quote is not closed", at: .file(path, line: opened, column: 1),
                remedy: "close it, and double a quote inside")
        }
        endRow()
        return rows
    }

    private enum State {
        case start, plain, quoted, behindQuote
    }
}
