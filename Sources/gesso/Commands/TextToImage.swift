import ArgumentParser
import Gesso

struct TextToImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Verb.textToImage.rawValue,
        abstract: "Make a picture from words alone.",
        discussion: """
            Examples:
              gesso txt2img -o cat.png --prompt "a cat asleep on a windowsill"
              gesso txt2img -o wide.png --width 768 --height 512 --prompt "a valley" --seed 7
            """)

    @Option(help: help("width", "pixels"))
    var width: String?

    @Option(help: help("height", "pixels"))
    var height: String?

    @OptionGroup var options: EditOptions

    func run() async throws {
        let settings = [setting("width", width), setting("height", height)].compactMap(\.self)
        try await JobRunner(.textToImage, options, settings, of: nil).perform()
    }
}
