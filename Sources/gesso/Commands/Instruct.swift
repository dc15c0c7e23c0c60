import ArgumentParser
import Gesso

struct InstructCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Verb.instruct.rawValue,
        abstract: "Change a picture as the prompt says, with an InstructPix2Pix checkpoint.",
        discussion: """
            Examples:
              gesso instruct photo.jpg -o winter.jpg --model instruct-pix2pix \\
                --prompt "make it winter"
              gesso instruct photo.jpg -o night.jpg --model instruct-pix2pix \\
                --prompt "turn day into night" --image-guidance-scale 1.2 --steps 50

            A larger image guidance scale keeps more of the picture; a larger guidance
            scale follows the prompt more closely. Each step runs the UNet on three
            branches.
            """)

    @Argument(help: "The picture to edit; - is standard input.", completion: .file())
    var input: String

    @Option(parsing: .unconditional, help: help("image_guidance_scale", "x"))
    var imageGuidanceScale: String?

    @OptionGroup var work: WorkSizeOptions

    @OptionGroup var options: EditOptions

    func run() async throws {
        let settings =
            [setting("image_guidance_scale", imageGuidanceScale)].compactMap(\.self)
            + work.settings
        try await JobRunner(.instruct, options, settings, of: input).perform()
    }
}
