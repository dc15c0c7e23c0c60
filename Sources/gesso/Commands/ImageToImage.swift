import ArgumentParser
import Gesso

struct ImageToImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Verb.imageToImage.rawValue,
        abstract: "Repaint a whole picture, more or less strongly.",
        discussion: """
            Examples:
              gesso img2img photo.jpg -o painting.png --preset watercolor
              gesso img2img photo.jpg -o dusk.jpg --strength 0.5 --prompt "a harbour"
              gesso img2img - -o - --prompt "a pencil drawing" < in.png > out.png
            """)

    @OptionGroup var picture: PictureOptions
    @OptionGroup var work: WorkSizeOptions
    @OptionGroup var hires: HiresOptions
    @OptionGroup var options: EditOptions

    func run() async throws {
        let settings = picture.settings + work.settings + hires.settings
        try await JobRunner(.imageToImage, options, settings, of: picture.input).perform()
    }
}
