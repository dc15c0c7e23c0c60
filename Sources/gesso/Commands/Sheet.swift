import ArgumentParser
import Foundation
import Gesso
import Terminal

struct SheetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sheet",
        abstract: "Put pictures side by side on one contact sheet.",
        usage: "gesso sheet <pictures> ... --output <file> [<options>]",
        discussion: """
            Examples:
              gesso sheet before.jpg after.png -o sheet.png
              gesso sheet painted/*.png --columns 4 --side 512 -o sheet.jpg
            """)

    @Argument(help: "The pictures; - is standard input.", completion: .file())
    var pictures: [String]

    @Option(help: ArgumentHelp("Pictures in a row (default: as many as rows).", valueName: "n"))
    var columns: Int?

    @Option(help: ArgumentHelp("Longest side of a picture on the sheet.", valueName: "pixels"))
    var side = 256

    @OptionGroup var result: PictureOutputOptions

    private struct Document: Encodable {
        let schema = "gesso.sheet/1"
        let output: String
        let pictures: [String]
        let width: Int
        let height: Int
    }

    mutating func validate() throws {
        if pictures.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("only one picture can be standard input")
        }
        if let columns, !(1...100).contains(columns) {
            throw ValidationError("--columns is \(columns), not 1 to 100")
        }
        if !(16...2048).contains(side) {
            throw ValidationError("--side is \(side), not 16 to 2048")
        }
    }

    /// A sheet is a picture that can be read.
    private func checkSize(_ cells: [Image]) throws {
        let across = Image.sheetColumns(columns, of: cells.count)
        let pixels = PictureGrid.pixels(
            columns: across, rows: (cells.count + across - 1) / across,
            cellWidth: cells.map(\.width).max() ?? 0, cellHeight: cells.map(\.height).max() ?? 0)
        guard pixels <= PictureGrid.mostPixels else {
            throw Failure(
                .usage, "the sheet would have \(pixels / 1_000_000) million pixels", at: "--side",
                do: "give a smaller one than \(side), or fewer pictures")
        }
    }

    func run() throws {
        try result.write(from: pictures) {
            let cells = try pictures.map { path in
                (
                    label: URL(filePath: path).lastPathComponent,
                    image: try Input.image(path).thumbnail(side: side)
                )
            }
            try checkSize(cells.map(\.image))
            return Image.contactSheet(ofThumbnails: cells, columns: columns)
        } _: { path, sheet in
            Document(output: path, pictures: pictures, width: sheet.width, height: sheet.height)
        }
    }
}
