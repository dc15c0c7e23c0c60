import Foundation
package import Gesso

/// A picture in the terminal, by whatever means the terminal has.
package struct TerminalPicture {
    /// The means.
    package enum Form: String, CaseIterable {
        /// The kitty graphics protocol.
        case kitty
        /// iTerm2's inline images.
        case iterm2
        /// DEC's sixels.
        case sixel
        /// Two pixels a character, in colours of 24 bit.
        case blocks

        /// What the variables that terminals set say; blocks, which all can show, where none does.
        package init(environment: [String: String]) {
            let term = environment["TERM"] ?? ""
            let program = environment["TERM_PROGRAM"] ?? ""
            if environment["KITTY_WINDOW_ID"] != nil || term.contains("kitty")
                || term.contains("ghostty") || program == "ghostty"
            {
                self = .kitty
            } else if program == "iTerm.app" || program == "WezTerm" {
                self = .iterm2
            } else if ["foot", "mlterm", "sixel", "contour"].contains(where: term.contains) {
                self = .sixel
            } else {
                self = .blocks
            }
        }
    }

    private let image: Image
    private let form: Form

    package init(_ image: Image, as form: Form) {
        (self.image, self.form) = (image, form)
    }

    /// Draws the picture on standard error, if that is a terminal.
    package static func show(_ image: Image) throws {
        guard Console.isLive else { return }
        let form = Form(environment: ProcessInfo.processInfo.environment)
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let terminal =
            isKnown
            ? Size(
                columns: Int(size.ws_col), rows: Int(size.ws_row),
                cellHeight: size.ws_row > 0 ? Int(size.ws_ypixel) / Int(size.ws_row) : 0)
            : Size(columns: 80, rows: 24)
        let picture = TerminalPicture(image, as: form)
        Console.show(
            picture: try picture.text(on: terminal), rows: picture.rows(on: terminal))
    }

    /// The size of a terminal.
    package struct Size {
        package let columns: Int
        package let rows: Int
        /// Pixels of a line; 0 where the terminal does not say.
        package var cellHeight = 0
    }

    /// What is sent to a terminal of that size.
    package func text(on terminal: Size) throws -> String {
        switch form {
        case .kitty: try kitty()
        case .iterm2: try iTerm2()
        case .sixel: sixel()
        case .blocks: blocks(on: terminal)
        }
    }

    /// How many lines of the terminal the picture takes; 0 where the terminal does not say how high its
    /// lines are, so that nothing can be drawn over it.
    package func rows(on terminal: Size) -> Int {
        if form == .blocks { return (inBlocks(on: terminal).height + 1) / 2 }
        guard terminal.cellHeight > 0 else { return 0 }
        let rows = (scaled(width: 640, height: 480).height - 1) / terminal.cellHeight + 1
        return rows < terminal.rows ? rows : 0
    }

    /// The picture at two pixels a character, with a line left for the bar.
    private func inBlocks(on terminal: Size) -> Image {
        scaled(
            width: min(terminal.columns, 80),
            height: min(48, max(2 * (terminal.rows - 2), 2)))
    }

    /// The picture in 8-bit RGB with no side longer, never enlarged.
    private func scaled(width: Int, height: Int) -> Image {
        let scale = min(
            Double(width) / Double(image.width), Double(height) / Double(image.height), 1)
        func side(_ length: Int) -> Int { max(Int((Double(length) * scale).rounded()), 1) }
        return image.inSRGB.rgb8.resized(width: side(image.width), height: side(image.height))
    }

    private var file: Data {
        get throws {
            var small = scaled(width: 640, height: 480)
            small.metadata = ImageMetadata()
            return try small.encoded(as: .png, quality: nil).base64EncodedData()
        }
    }

    /// PNG in pieces of at most 4096 bytes, as the protocol has it.
    private func kitty() throws -> String {
        let data = try file
        var text = ""
        for start in stride(from: 0, to: data.count, by: 4096) {
            let end = min(start + 4096, data.count)
            let head = start == 0 ? "a=T,f=100," : ""
            text += "\u{1B}_G\(head)m=\(end < data.count ? 1 : 0);"
            text += String(decoding: data[start..<end], as: UTF8.self) + "\u{1B}\\"
        }
        return text
    }

    private func iTerm2() throws -> String {
        let data = try file
        return "\u{1B}]1337;File=inline=1;preserveAspectRatio=1:"
            + String(decoding: data, as: UTF8.self) + "\u{07}"
    }

    /// The upper half block, its colour the pixel above, its ground the one below.
    private func blocks(on terminal: Size) -> String {
        let small = inBlocks(on: terminal)
        func color(_ x: Int, _ y: Int, _ layer: Int) -> String {
            let pixel = small[x: x, y: min(y, small.height - 1)].map { "\($0)" }
            return "\u{1B}[\(layer);2;" + pixel.joined(separator: ";") + "m"
        }
        return stride(from: 0, to: small.height, by: 2).map { y in
            (0..<small.width).map { color($0, y, 38) + color($0, y + 1, 48) + "▀" }.joined()
                + "\u{1B}[0m"
        }.joined(separator: "\n")
    }

    /// Six rows a band, in a cube of 6x6x6 colours.
    private func sixel() -> String {
        let small = scaled(width: 640, height: 480)
        var text = "\u{1B}Pq\"1;1;\(small.width);\(small.height)"
        for index in 0..<216 {
            let parts = [index / 36, index / 6 % 6, index % 6].map { "\($0 * 20)" }
            text += "#\(index);2;" + parts.joined(separator: ";")
        }
        let indices = (0..<small.width * small.height).map { pixel -> Int in
            (0..<3).reduce(0) { $0 * 6 + (Int(small.samples[3 * pixel + $1]) * 5 + 127) / 255 }
        }
        for top in stride(from: 0, to: small.height, by: 6) {
            var bands: [Int: [UInt8]] = [:]
            for y in top..<min(top + 6, small.height) {
                for x in 0..<small.width {
                    let color = indices[y * small.width + x]
                    bands[color, default: Array(repeating: 0, count: small.width)][x] |=
                        1 << (y - top)
                }
            }
            for (color, bits) in bands.sorted(by: { $0.key < $1.key }) {
                text += "#\(color)" + Self.runs(bits) + "$"
            }
            text += "-"
        }
        return text + "\u{1B}\\"
    }

    /// Characters of six dots each, repeated ones counted.
    private static func runs(_ bits: [UInt8]) -> String {
        var text = ""
        var start = 0
        while start < bits.count {
            let end = bits[start...].firstIndex { $0 != bits[start] } ?? bits.count
            text += "!\(end - start)" + String(UnicodeScalar(bits[start] + 63))
            start = end
        }
        return text
    }
}
