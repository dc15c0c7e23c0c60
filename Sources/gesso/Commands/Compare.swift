import ArgumentParser
import Foundation
import Gesso

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measure how two pictures of one size differ.",
        usage: "gesso compare <first> <second> [<options>]",
        discussion: """
            Examples:
              gesso compare before.png after.png
              gesso compare a.png b.jpg --heatmap where.png --json

            PSNR is over all samples, alpha included, at the greater depth of the two. SSIM is
            that of Wang et al. (2004): on luma, in 11x11 windows weighted by a Gaussian of
            sigma 1.5; pictures smaller than a window have none. Pictures are turned upright
            first. On a heat map black is equal and white is the largest difference.
            """)

    @Argument(help: "A picture; - is standard input.", completion: .file())
    var first: String

    @Argument(help: "Another one.", completion: .file())
    var second: String

    @Option(
        help: ArgumentHelp(
            "Write both beside each other, .png, .jpg, .webp, .avif or .tif.", valueName: "file"),
        completion: .file())
    var sideBySide: String?

    @Option(
        help: ArgumentHelp("Write a picture of where they differ.", valueName: "file"),
        completion: .file())
    var heatmap: String?

    @Flag(help: "Replace files that are there.")
    var overwrite = false

    @Flag(help: "Print a JSON document.")
    var json = false

    @OptionGroup var messages: MessageOptions

    mutating func validate() throws {
        try PicturePair.checkPaths(first, second)
        if sideBySide == "-" || heatmap == "-" {
            throw ValidationError("--side-by-side and --heatmap take files only")
        }
        if let sideBySide, sideBySide == heatmap {
            throw ValidationError("--side-by-side and --heatmap name the same file")
        }
    }

    func run() throws {
        func output(_ path: String) throws -> Output {
            try Output(path, format: nil, quality: nil, overwrites: overwrite)
        }
        let sheet = try sideBySide.map(output)
        let map = try heatmap.map(output)
        let pair = try PicturePair(first, second)
        if pair.first.metadata.iccProfile != pair.second.metadata.iccProfile {
            Console.line(
                "gesso: note: their colour profiles differ; samples are compared as they are")
        }
        let comparison = try Comparison(pair.first, pair.second)
        let ssim = try structuralSimilarity(pair.first, pair.second)
        if let sheet {
            let cells = [first, second].map { URL(filePath: $0).lastPathComponent }
            let side = max(pair.first.width, pair.first.height)
            try sheet.write(
                Image.contactSheet(
                    Array(zip(cells, [pair.first, pair.second])), columns: 2, cellSide: side))
        }
        try map?.write(Image.heatMap(pair.first, pair.second))
        try Console.result(ComparisonDocument(comparison, ssim: ssim), isJSON: json)
    }
}

/// Two pictures of one size.
struct PicturePair {
    let first: Image
    let second: Image
    /// The bytes of the second's file.
    let secondData: Data

    static func checkPaths(_ paths: String...) throws {
        if paths.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("only one picture can be standard input")
        }
    }

    /// Reads both.
    ///
    /// - Throws: `Failure` with `badData` when their sizes differ.
    init(_ firstPath: String, _ secondPath: String) throws {
        first = try Input.image(firstPath)
        secondData = try Input.bytes(secondPath)
        second = try Image(decoding: secondData, name: Input.name(secondPath))
        try Self.checkSize(
            second.width, second.height, secondPath, first.width, first.height, firstPath)
    }

    static func checkSize(
        _ width: Int, _ height: Int, _ path: String, _ otherWidth: Int, _ otherHeight: Int,
        _ otherPath: String
    ) throws {
        guard width != otherWidth || height != otherHeight else { return }
        throw Failure(
            .badData, "it is \(width)x\(height), \(otherPath) is \(otherWidth)x\(otherHeight)",
            at: path, do: "give pictures of one size")
    }
}
