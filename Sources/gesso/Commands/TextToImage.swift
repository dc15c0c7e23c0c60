import ArgumentParser
import Gesso

struct TextToImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Verb.textToImage.rawValue,
        abstract: "Make a picture from a prompt alone.",
        discussion: """
            Examples:
              gesso txt2img -o cat.png --prompt "a cat asleep on a windowsill"
              gesso txt2img -o wide.png --width 768 --height 512 --prompt "a valley"
              gesso txt2img -o large.png --hires-scale 2 --prompt "a valley at dawn"
            """)

    @Option(help: help("width", "pixels"))
    var width: String?

    @Option(help: help("height", "pixels"))
    var height: String?

    @OptionGroup var hires: HiresOptions
    @OptionGroup var options: EditOptions

    func run() async throws {
        let settings =
            [setting("width", width), setting("height", height)].compactMap(\.self)
            + hires.settings
        try await JobRunner(.textToImage, options, settings, of: nil).perform()
    }
}
