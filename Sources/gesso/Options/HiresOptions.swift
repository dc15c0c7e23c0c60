import ArgumentParser
import Gesso

/// The flags of a second run over the picture made larger; `--set` reaches the rest of its settings.
struct HiresOptions: ParsableArguments {
    @Option(help: help("hires_scale", "x"))
    var hiresScale: String?

    @Option(help: help("hires_size", "widthxheight"))
    var hiresSize: String?

    @Option(
        help: help("hires_upscaler", "name"), completion: .list(key("hires_upscaler").choices))
    var hiresUpscaler: String?

    @Option(help: help("hires_steps", "n"))
    var hiresSteps: String?

    @Option(help: help("hires_strength", "x"))
    var hiresStrength: String?

    /// What the flags set.
    var settings: [Setting] {
        [
            setting("hires_scale", hiresScale), setting("hires_size", hiresSize),
            setting("hires_upscaler", hiresUpscaler), setting("hires_steps", hiresSteps),
            setting("hires_strength", hiresStrength),
        ].compactMap(\.self)
    }
}
