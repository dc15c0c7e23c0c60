extension Image {
    /// Pictures side by side in rows, each scaled into a cell, with a label below.
    ///
    /// - Parameters:
    ///   - cells: The pictures with their labels; Latin, Greek and Cyrillic letters and common signs are
    ///     drawn, others as `?`. A label that is wider than its cell ends with an ellipsis.
    ///   - columns: Cells in a row; nil makes the sheet about as wide as high.
    ///   - cellSide: The longest side of a picture on the sheet; smaller ones are not enlarged.
    /// - Returns: 8-bit RGB on light grey. Transparent parts show that grey.
    public static func contactSheet(
        _ cells: [(label: String, image: Image)], columns: Int? = nil, cellSide: Int = 256
    ) -> Image {
        precondition(cellSide > 0)
        return contactSheet(
            ofThumbnails: cells.map {
                (label: $0.label, image: $0.image.thumbnail(side: cellSide))
            }, columns: columns)
    }

    /// Cells in a row of a contact sheet; nil makes it about as wide as high.
    package static func sheetColumns(_ columns: Int?, of count: Int) -> Int {
        min(max(columns ?? Int(Double(count).squareRoot().rounded(.up)), 1), count)
    }

    /// A contact sheet of pictures that `thumbnail(side:)` has shrunk.
    package static func contactSheet(
        ofThumbnails cells: [(label: String, image: Image)], columns: Int? = nil
    ) -> Image {
        precondition(!cells.isEmpty)
        let pictures = cells.map(\.image)
        let columns = sheetColumns(columns, of: cells.count)
        let rows = (cells.count + columns - 1) / columns
        let margin = 8
        let cellWidth = (pictures.map(\.width).max() ?? 0) + margin
        let labelHeight = Lettering.height + margin
        let cellHeight = (pictures.map(\.height).max() ?? 0) + labelHeight + margin
        var sheet = Image.sheet(
            width: columns * cellWidth + margin, height: rows * cellHeight + margin)
        for (index, picture) in pictures.enumerated() {
            let x = margin + index % columns * cellWidth
            let y = margin + index / columns * cellHeight
            sheet.put(picture, x: x, y: y)
            sheet.draw(
                Lettering.shortened(cells[index].label, to: cellWidth - margin), x: x,
                y: y + picture.height + margin / 2)
        }
        return sheet
    }

    /// An empty sheet.
    static func sheet(width: Int, height: Int) -> Image {
        Image(
            width: width, height: height, channels: 3,
            samples: Array(repeating: sheetGrey, count: 3 * width * height))
    }

    /// 8-bit sRGB with alpha, shrunk so that no side is longer.
    package func thumbnail(side: Int) -> Image {
        let scale = min(Double(side) / Double(max(width, height)), 1)
        func scaled(_ size: Int) -> Int { max(Int((Double(size) * scale).rounded()), 1) }
        return resized(width: scaled(width), height: scaled(height)).inSRGB
            .converted(channels: 4, depth: 8)
    }

    /// Lays an RGBA picture on this RGB one.
    mutating func put(_ picture: Image, x: Int, y: Int) {
        for row in 0..<picture.height {
            for column in 0..<picture.width {
                let pixel = Array(picture[x: column, y: row])
                let target = ((y + row) * width + x + column) * 3
                for c in 0..<3 {
                    let sum = pixel[c] * pixel[3] + sheetGrey * (255 - pixel[3])
                    samples[target + c] = (sum + 127) / 255
                }
            }
        }
    }

    /// Draws a line of text in dark grey, its top-left corner at x, y.
    mutating func draw(_ text: String, x: Int, y: Int) {
        let dark: UInt16 = 40
        var x = x - Lettering.overhang
        for glyph in Lettering.glyphs(of: text) {
            for row in 0..<Lettering.height where (0..<height).contains(y + row) {
                for column in 0..<Lettering.cellWidth where (0..<width).contains(x + column) {
                    let covered = Lettering.ink(of: glyph, row: row, column: column)
                    guard covered > 0 else { continue }
                    let target = ((y + row) * width + x + column) * 3
                    for c in 0..<3 {
                        let sum = samples[target + c] * (255 - covered) + dark * covered
                        samples[target + c] = (sum + 127) / 255
                    }
                }
            }
            x += glyph.advance
        }
    }
}

private let sheetGrey: UInt16 = 225
