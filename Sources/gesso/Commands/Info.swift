import ArgumentParser
import Foundation
import Gesso

struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Tell what a picture file is and holds, its settings among it.",
        usage: "gesso info <file> [<options>]",
        discussion: """
            Examples:
              gesso info edited.png
              gesso info edited.png --json

            Settings are read from pictures of Gesso, AUTOMATIC1111, ComfyUI, Fooocus,
            InvokeAI, SwarmUI, NovelAI, Draw Things and Easy Diffusion. The hash of the
            pixels is the one of receipts.
            """)

    @Argument(help: "The picture, PNG, JPEG or WebP; - is standard input.", completion: .file())
    var file: String

    @Flag(help: "Print a JSON document.")
    var json = false

    @OptionGroup var messages: MessageOptions

    private struct Document: Encodable {
        let schema = "gesso.info/1"
        let path: String
        let format: String
        let bytes: Int
        let sha256: String
        let pixelsSha256: String
        let width: Int
        let height: Int
        let channels: Int
        let depth: Int
        let metadata: [String]
        let textKeywords: [String]
        let digitalSourceType: String?
        let parameters: Parameters?
        let warnings: [String]
    }

    private struct Parameters: Encodable {
        let program: String
        let text: String
        let prompt: String
        let negativePrompt: String
        let settings: [String: String]

        init(_ stored: PictureSettings) {
            program = stored.program
            text = stored.text
            prompt = stored.prompt
            negativePrompt = stored.negativePrompt
            settings = Dictionary(
                stored.entries.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
    }

    func run() throws {
        let data = try Input.bytes(file)
        let image = try Image(decoding: data, name: Input.name(file))
        let format = ImageFormat(sniffing: data)?.rawValue ?? ""
        let kinds = image.metadata.kinds + (holdsContentCredentials(data) ? ["C2PA"] : [])
        guard json else { return try tell(image, format, kinds) }
        let metadata = image.metadata
        try Console.result(
            JSON.text(
                Document(
                    path: file, format: format.lowercased(), bytes: data.count,
                    sha256: Digest.sha256(data), pixelsSha256: Digest.of(pixels: image),
                    width: image.width, height: image.height, channels: image.channels,
                    depth: image.depth, metadata: kinds,
                    textKeywords: metadata.text.map(\.keyword),
                    digitalSourceType: metadata.statedDigitalSourceType,
                    parameters: try stored(in: image).settings.map(Parameters.init),
                    warnings: metadata.warnings)))
    }

    private func tell(_ image: Image, _ format: String, _ kinds: [String]) throws {
        func tell(_ name: String, _ value: String) throws {
            let value = value.split(separator: "\n", omittingEmptySubsequences: false)
                .map { String($0).escapingControls() }.joined(separator: "\n  ")
            try Console.result(name.escapingControls() + ": " + value)
        }
        let colors = ["grey", "grey and alpha", "RGB", "RGBA"][image.channels - 1]
        try tell("size", "\(image.width)x\(image.height) pixels")
        try tell("samples", "\(colors), \(image.depth) bit")
        try tell("format", format)
        try tell("pixels sha256", Digest.of(pixels: image))
        try tell("metadata", kinds.isEmpty ? "none" : kinds.joined(separator: ", "))
        if let type = image.metadata.statedDigitalSourceType {
            try tell("digital source type", type.split(separator: "/").last.map(String.init) ?? "")
        }
        for warning in image.metadata.warnings { try tell("warning", warning) }
        for entry in image.metadata.text {
            let most = 500
            let rest = entry.value.count > most ? "… (\(entry.value.count) characters)" : ""
            try tell("text \(entry.keyword)", entry.value.prefix(most) + rest)
        }
        let stored = try stored(in: image)
        if let reason = stored.unread { try tell("settings", reason) }
        guard let settings = stored.settings else { return }
        if !["AUTOMATIC1111", "Gesso"].contains(settings.program) {
            try tell("settings of", settings.program)
        }
        try tell("prompt", settings.prompt)
        if !settings.negativePrompt.isEmpty { try tell("negative prompt", settings.negativePrompt) }
        for entry in settings.entries { try tell("setting \(entry.name)", entry.value) }
    }

    /// The settings of a picture, or why those of another program cannot be read.
    private func stored(
        in image: Image
    ) throws -> (settings: PictureSettings?, unread: String?) {
        do {
            return (try PictureSettings(of: image, Input.name(file)), nil)
        } catch RecipeError.otherProgram(let program, _) {
            return (nil, "of another program (\(program))")
        }
    }
}

extension ImageMetadata {
    /// What there is, in words for people and programs.
    fileprivate var kinds: [String] {
        let kinds: [(String, Bool)] = [
            ("EXIF", exif != nil), ("ICC profile", iccProfile != nil), ("XMP", xmp != nil),
            ("parameters", parameters != nil), ("text", !text.isEmpty),
            ("colour chunks", pngChunks.contains { $0.name != "pHYs" }),
            ("resolution", pngChunks.contains { $0.name == "pHYs" }),
        ]
        return kinds.filter(\.1).map(\.0)
    }
}
