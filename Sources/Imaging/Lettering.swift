import Foundation

/// The typeface of labels: DejaVu Sans at 14 pixels, with the letters of Latin, Greek and Cyrillic, as
/// `Scripts/draw-typeface.py` draws them.
enum Lettering {
    /// Pixels a line is high.
    static var height: Int { face.height }

    /// A letter to draw: its place in the picture of all letters, and pixels to the next letter.
    struct Glyph {
        var x: Int
        var y: Int
        var advance: Int
    }

    /// The letters of a text. A letter that the typeface lacks stands without its marks, or as `?`.
    static func glyphs(of text: some StringProtocol) -> [Glyph] { text.map(glyph) }

    /// Pixels that a text is wide.
    static func width(of text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + glyph(of: $1).advance }
    }

    /// The beginning of a text that fits into a width, at least one letter of it.
    static func prefix(of text: Substring, fitting width: Int) -> Substring {
        var left = width
        var end = text.startIndex
        while end < text.endIndex {
            left -= glyph(of: text[end]).advance
            guard left >= 0 || end == text.startIndex else { break }
            end = text.index(after: end)
        }
        return text[..<end]
    }

    /// A text cut to a width, with an ellipsis in the place of what is left out.
    static func shortened(_ text: String, to width: Int) -> String {
        guard Self.width(of: text) > width else { return text }
        let room = width - Self.width(of: "…")
        return room > 0 ? prefix(of: text[...], fitting: room) + "…" : ""
    }

    /// How much of a pixel of its cell a letter covers, 0...255.
    static func ink(of glyph: Glyph, row: Int, column: Int) -> UInt16 {
        sheet.samples[(glyph.y + row) * sheet.width + glyph.x + column]
    }

    /// Pixels that a letter may reach to the left of its place.
    static var overhang: Int { face.left }
    /// Pixels of a letter's cell from left to right.
    static var cellWidth: Int { face.width }

    /// What `letters.json` says of the picture.
    private struct Face: Decodable {
        var width: Int
        var height: Int
        var left: Int
        var columns: Int
        var letters: String
        var widths: [Int]
    }

    private static let face: Face = {
        guard
            let face = try? JSONDecoder().decode(
                Face.self, from: Data(PackageResources.letters_json)),
            face.letters.count == face.widths.count
        else { preconditionFailure("The typeface is not what Scripts/draw-typeface.py wrote.") }
        return face
    }()

    private static let sheet: Image = {
        guard
            let sheet = try? Image(
                decoding: Data(PackageResources.letters_png), name: "letters.png"),
            sheet.channels == 1, sheet.width == face.columns * face.width
        else { preconditionFailure("The typeface is not what Scripts/draw-typeface.py wrote.") }
        return sheet
    }()

    /// Letters are equal however their marks are coded.
    private static let glyphs = Dictionary(
        uniqueKeysWithValues: zip(face.letters, face.widths).enumerated().map { index, letter in
            (
                letter.0,
                Glyph(
                    x: index % face.columns * face.width, y: index / face.columns * face.height,
                    advance: letter.1)
            )
        })

    private static func glyph(of character: Character) -> Glyph {
        if let found = glyphs[character] { return found }
        let base = String(character).decomposedStringWithCanonicalMapping.unicodeScalars.first
        let bare = base.flatMap { glyphs[Character($0)] }
        return bare ?? glyphs["?"] ?? Glyph(x: 0, y: 0, advance: 0)
    }
}
