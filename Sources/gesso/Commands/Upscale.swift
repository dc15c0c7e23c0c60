import ArgumentParser
import Gesso

struct UpscaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Verb.upscale.rawValue,
        abstract: "Make a picture larger and paint its details, tile by tile.",
        discussion: """
            Examples:
              gesso upscale photo.jpg -o large.png --scale 2 --prompt "a harbour, sharp"
              gesso upscale art.png -o large.png --scale 3 --strength 0.15 --prompt "ink"
            """)

    @OptionGroup var picture: PictureOptions

    @Option(parsing: .unconditional, help: help("scale", "x"))
    var scale: String?

    @Option(parsing: .unconditional, help: help("tile_size", "pixels"))
    var tileSize: String?

    @Option(parsing: .unconditional, help: help("tile_overlap", "pixels"))
    var tileOverlap: String?

    @OptionGroup var options: EditOptions

    func run() async throws {
        let settings =
            picture.settings
            + [
                setting("scale", scale), setting("tile_size", tileSize),
                setting("tile_overlap", tileOverlap),
            ].compactMap(\.self)
        try await JobRunner(.upscale, options, settings, of: picture.input).perform()
    }
}
