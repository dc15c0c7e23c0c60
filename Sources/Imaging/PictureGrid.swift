/// Pictures in rows and columns with a name for each row and column: a table to look at.
public struct PictureGrid: Sendable {
    /// Names of the columns, from the left.
    public var columns: [String]
    /// Names of the rows, from the top.
    public var rows: [String]
    /// Lines above the table.
    public var title: [String]
    /// The pictures, row by row: `rows.count * columns.count`.
    public var pictures: [Image]

    /// A table of pictures, row by row.
    public init(columns: [String], rows: [String], title: [String] = [], pictures: [Image]) {
        precondition(pictures.count == columns.count * rows.count && !pictures.isEmpty)
        (self.columns, self.rows, self.title) = (columns, rows, title)
        self.pictures = pictures
    }

    /// The most pixels a drawn grid may have: 64 million.
    public static let mostPixels = 64_000_000

    /// Pixels of a grid whose cells are all of one size; an estimate, made before there are pictures.
    public static func pixels(columns: Int, rows: Int, cellWidth: Int, cellHeight: Int) -> Int {
        (columns * (cellWidth + margin) + 200) * (rows * (cellHeight + margin + 40) + 60)
    }

    /// Draws the table: 8-bit RGB on light grey, no picture's side longer than `side`. A name too long
    /// for its place goes over several lines.
    public func drawn(side: Int) -> Image {
        let cells = pictures.map { $0.thumbnail(side: side) }
        let width = cells.map(\.width).max() ?? 1
        let height = cells.map(\.height).max() ?? 1
        let aside = rows.count > 1 || rows.first?.isEmpty == false ? 120 : 0
        let left = Self.margin + aside + (aside > 0 ? Self.margin : 0)
        let names = columns.map { Self.lines($0, width: width) }
        let full = left + columns.count * (width + Self.margin)
        let heads = title.flatMap { Self.lines($0, width: full - 2 * Self.margin) }
        let titleHeight = heads.count * Self.lineHeight + (heads.isEmpty ? 0 : Self.margin)
        let top = Self.margin + titleHeight + (names.map(\.count).max() ?? 0) * Self.lineHeight
        var sheet = Image.sheet(
            width: full, height: top + rows.count * (height + Self.margin))
        sheet.write(heads, x: Self.margin, y: Self.margin)
        for (index, lines) in names.enumerated() {
            sheet.write(
                lines, x: left + index * (width + Self.margin), y: Self.margin + titleHeight)
        }
        for (row, name) in rows.enumerated() {
            let y = top + row * (height + Self.margin)
            if aside > 0 {
                let lines = Self.lines(name, width: aside)
                sheet.write(Array(lines.prefix(height / Self.lineHeight + 1)), x: Self.margin, y: y)
            }
            for column in columns.indices {
                sheet.put(
                    cells[row * columns.count + column],
                    x: left + column * (width + Self.margin), y: y)
            }
        }
        return sheet
    }

    private static let margin = 8
    private static let lineHeight = Lettering.height

    /// Breaks text at blanks, and words that are too long anywhere.
    private static func lines(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            var word = word
            if let last = lines.last, Lettering.width(of: last + " " + word) <= width {
                lines[lines.count - 1] += " " + word
                continue
            }
            while !word.isEmpty {
                let beginning = Lettering.prefix(of: word, fitting: width)
                lines.append(String(beginning))
                word = word[beginning.endIndex...]
            }
        }
        return lines
    }
}

extension Image {
    /// Sheets under one another, each as wide as the widest.
    public static func stacked(_ sheets: [Image]) -> Image {
        var whole = sheet(
            width: sheets.map(\.width).max() ?? 1, height: sheets.map(\.height).reduce(0, +))
        var y = 0
        for sheet in sheets {
            whole.put(sheet.converted(channels: 4, depth: 8), x: 0, y: y)
            y += sheet.height
        }
        return whole
    }

    /// Lines of text, the top-left corner of the first at x, y.
    fileprivate mutating func write(_ lines: [String], x: Int, y: Int) {
        for (index, line) in lines.enumerated() {
            draw(line, x: x, y: y + index * Lettering.height)
        }
    }
}
