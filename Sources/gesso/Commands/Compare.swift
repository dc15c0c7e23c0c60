import ArgumentParser
import Foundation
import Gesso
import Terminal

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measure how two pictures of one size differ.",
        usage: "gesso compare <first> <second> [<options>]",
        discussion: """
            Examples:
              gesso compare before.png after.png
              gesso compare a.png b.jpg --heatmap where.png --json
              gesso compare photo.jpg edited.jpg --mask mask.png --page look.html

            PSNR is computed over all samples, alpha included, at the greater depth of
            the two. SSIM is that of Wang et al. (2004): on luma, in windows of 11x11
            pixels weighted by a Gaussian of sigma 1.5; a smaller picture has none. EXIF
            rotation is applied first. On a heat map black means equal and white is the
            largest difference. With --mask, the pixels inside and outside of the mask
            are measured apart, too. Give it as for the edit; without --mask-threshold all
            that is not black is inside.

            A page is one file that needs no network: both pictures under a slider, the
            mask and a heat map over them, and enlarged views of the places where the
            border of the mask shows most. Without a mask it is the border of the pixels
            that differ.
            """)

    @Argument(help: "A picture; - is standard input.", completion: .file())
    var first: String

    @Argument(help: "The picture to compare it with.", completion: .file())
    var second: String

    @Option(
        help: ArgumentHelp(
            "Write both beside each other, .png, .jpg, .webp, .avif or .tif.", valueName: "file"),
        completion: .file())
    var sideBySide: String?

    @Option(
        help: ArgumentHelp("Write a picture that shows where they differ.", valueName: "file"),
        completion: .file())
    var heatmap: String?

    @Option(
        help: ArgumentHelp("Write a page that shows both, .html.", valueName: "file"),
        completion: .file())
    var page: String?

    @OptionGroup var mask: MaskShapeOptions

    @Flag(help: "Replace existing files.")
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
        if mask.masks.isEmpty, !mask.settings.isEmpty {
            throw ValidationError("missing expected argument '--mask <mask> ...'")
        }
        try mask.checkPaths(beside: first, second)
    }

    func run() throws { try Editor.withThreads(nil, work) }

    /// All pictures that are read.
    private func read() throws -> Request {
        var request = Request([])
        let masks = try mask.masks.isEmpty ? [] : mask.plan().pictures
        for path in [first, second] + masks where path != "-" {
            request.pictures[path] = .file(path)
        }
        return request
    }

    /// The names of both files, with as much of their folders as tells them apart.
    private var names: [String] {
        let parts = [first, second].map { URL(filePath: Input.name($0)).pathComponents }
        let most = max(parts[0].count, parts[1].count, 1)
        let count = (1...most).first { parts[0].suffix($0) != parts[1].suffix($0) } ?? 1
        return parts.map { $0.suffix(count).joined(separator: "/") }
    }

    private func work() throws {
        func output(_ path: String) throws -> Output {
            try Output(path, format: nil, quality: nil, overwrites: overwrite)
        }
        let places = [
            (sideBySide, "--side-by-side"), (heatmap, "--heatmap"), (page, "--page"),
        ]
        try Output.checkDistinct(places)
        for case (let path?, let option) in places {
            try Output.check(path, at: option, keeping: [read()])
        }
        let sheet = try sideBySide.map(output)
        let map = try heatmap.map(output)
        let file = try page.map { path in
            let file = try Output.page(path, at: "--page")
            try Output.checkPlace(file, path, overwrites: overwrite)
            return file
        }
        let pair = try PicturePair(first, second)
        if pair.first.metadata.iccProfile != pair.second.metadata.iccProfile {
            Console.line(
                "gesso: note: their colour profiles differ; samples are compared as they are")
        }
        let mask = try mask.masks.isEmpty ? nil : pair.mask(mask)
        let comparison = try Comparison(pair.first, pair.second)
        let ssim = try structuralSimilarity(pair.first, pair.second)
        if let sheet {
            let side = max(pair.first.width, pair.first.height)
            try sheet.write(
                Image.contactSheet(
                    Array(zip(names, [pair.first, pair.second])), columns: 2, cellSide: side))
        }
        try map?.write(Image.heatMap(pair.first, pair.second))
        var document = ComparisonDocument(comparison, ssim: ssim)
        if let mask {
            document.add(
                inside: try Comparison(pair.first, pair.second, outside: mask.support.inverted),
                outside: try Comparison(pair.first, pair.second, outside: mask))
        }
        if let file {
            let page = try ComparisonPage(
                pair.first, pair.second, mask: mask, names: (names[0], names[1]), document)
            try writeAtomically(Data(page.html.utf8), to: file, overwrite: overwrite)
        }
        try Console.result(document, isJSON: json)
        for path in [sideBySide, heatmap, page].compactMap(\.self) {
            Console.line("gesso: written: \(path)".asLine())
        }
    }
}

/// Two pictures of one size.
struct PicturePair {
    let first: Image
    let second: Image
    /// The bytes of the second's file.
    let secondData: Data
    private let firstPath: String

    static func checkPaths(_ paths: String...) throws {
        if paths.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("only one picture can be standard input")
        }
    }

    /// Reads both.
    ///
    /// - Throws: `Failure` with `badData` when their sizes differ.
    init(_ firstPath: String, _ secondPath: String) throws {
        self.firstPath = firstPath
        first = try Input.image(firstPath)
        secondData = try Input.bytes(secondPath)
        second = try Image(decoding: secondData, name: Input.name(secondPath))
        try Self.checkSize(
            second.width, second.height, secondPath, first.width, first.height, firstPath)
    }

    /// The mask that options come to, of the size of the pictures.
    func mask(_ options: MaskShapeOptions) throws -> Mask {
        let prompt = Setting("prompt", "", at: .argument("--prompt"))
        let recipe = try Recipe(.inpaint, presets: [], settings: options.settings + [prompt])
        return try recipe.mask(
            options.plan(), on: first, keepsGreys: options.maskThreshold == nil
        ) { path in
            let mask = try Input.image(path)
            if !recipe.fitMask, !first.isStored(withWidth: mask.width, height: mask.height) {
                try Self.checkSize(
                    mask.width, mask.height, path, first.width, first.height, firstPath)
            }
            return mask
        }
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
