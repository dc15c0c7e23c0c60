import ArgumentParser
import Foundation
import Gesso
import Terminal

struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show what a picture file contains, the settings it was made with included.",
        usage: "gesso info <file> [<options>]",
        discussion: """
            Examples:
              gesso info edited.png
              gesso info edited.png --json
              gesso info from-the-web.jpg --find-watermark

            Settings are read from pictures of Gesso, AUTOMATIC1111, ComfyUI, Fooocus,
            InvokeAI, SwarmUI, NovelAI, Draw Things and Easy Diffusion. The hash of the
            pixels is the one that receipts contain.
            """)

    @Argument(help: "The picture; - is standard input.", completion: .file())
    var file: String

    @Flag(help: "Look for the mark of `--watermark on`, also in scaled or cropped pictures.")
    var findWatermark = false

    @Flag(help: "Print a JSON document.")
    var json = false

    @OptionGroup var messages: MessageOptions

    func run() throws {
        let info = try PictureInfo(
            Input.bytes(file), named: Input.name(file), findsWatermark: findWatermark)
        if json { return try Console.result(JSON.text(info.document(path: file))) }
        try tell(info.image, info.format, info.kinds, info)
    }

    private func tell(
        _ image: Image, _ format: String, _ kinds: [String], _ info: PictureInfo
    ) throws {
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
        if info.credentials.areThere {
            try tell("credentials", info.credentials.lines.joined(separator: "\n"))
        }
        if findWatermark { try tell("watermark", info.watermark?.line ?? "none found") }
        for warning in image.metadata.warnings + image.metadata.losses {
            try tell("warning", warning)
        }
        func tell(_ name: String, beginningOf text: String) throws {
            let most = 500
            let rest = text.count > most ? "… (\(text.count) characters)" : ""
            try tell(name, text.prefix(most) + rest)
        }
        for entry in image.metadata.text {
            try tell("text \(entry.keyword)", beginningOf: entry.value)
        }
        if let comment = image.metadata.userComment {
            try tell("user comment", beginningOf: comment)
        }
        if let program = info.otherProgram {
            try tell("settings", "of another program (\(program))")
            if let text = image.metadata.parameters { try tell("parameters", beginningOf: text) }
        }
        guard let settings = info.settings else { return }
        if !["AUTOMATIC1111", "Gesso"].contains(settings.program) {
            try tell("settings of", settings.program)
        }
        if !settings.prompt.isEmpty { try tell("prompt", settings.prompt) }
        if !settings.negativePrompt.isEmpty { try tell("negative prompt", settings.negativePrompt) }
        for entry in settings.entries { try tell("setting \(entry.name)", entry.value) }
    }
}
