import ArgumentParser
import Gesso

struct OutpaintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Verb.outpaint.rawValue,
        abstract: "Extend the canvas and paint the new part.",
        discussion: """
            Examples:
              gesso outpaint photo.jpg -o wide.png --aspect 16:9 --prompt "a sandy beach"
              gesso outpaint photo.jpg -o wide.png --left 25% --right 128 \\
                --prompt "a forest"
              gesso outpaint icon.png -o large.png --size 768x768 --prompt "a meadow"
            """)

    @OptionGroup var picture: PictureOptions

    @Option(parsing: .unconditional, help: help("left", "n or n%"))
    var left: String?

    @Option(parsing: .unconditional, help: help("right", "n or n%"))
    var right: String?

    @Option(parsing: .unconditional, help: help("top", "n or n%"))
    var top: String?

    @Option(parsing: .unconditional, help: help("bottom", "n or n%"))
    var bottom: String?

    @Option(parsing: .unconditional, help: help("aspect", "w:h"))
    var aspect: String?

    @Option(parsing: .unconditional, help: help("size", "wxh"))
    var size: String?

    @Option(parsing: .unconditional, help: help("overlap", "pixels"))
    var overlap: String?

    @Option(help: help("gravity", "where"), completion: .list(key("gravity").choices))
    var gravity: String?

    @OptionGroup var joining: JoiningOptions

    @OptionGroup var added: AddedModelOptions

    @OptionGroup var work: WorkSizeOptions

    @OptionGroup var options: EditOptions

    func run() async throws {
        let settings =
            picture.settings + settings + joining.settings + added.settings + work.settings
        try await JobRunner(.outpaint, options, settings, of: picture.input).perform()
    }

    private var settings: [Setting] {
        [
            setting("left", left), setting("right", right), setting("top", top),
            setting("bottom", bottom), setting("aspect", aspect), setting("size", size),
            setting("overlap", overlap), setting("gravity", gravity),
        ].compactMap(\.self)
    }
}
