import ArgumentParser
import Foundation
import Gesso
import Terminal

/// The flags of the settings that every verb shares, presets, and `--set` for all the others.
struct RecipeOptions: ParsableArguments {
    @Option(name: .shortAndLong, parsing: .unconditional, help: help("prompt", "text"))
    var prompt: String?

    @Option(parsing: .unconditional, help: help("negative_prompt", "text"))
    var negativePrompt: String?

    @Option(parsing: .unconditional, help: help("steps", "n"))
    var steps: String?

    @Option(parsing: .unconditional, help: help("guidance_scale", "x"))
    var guidanceScale: String?

    @Option(help: help("scheduler", "name"), completion: .list(key("scheduler").choices))
    var scheduler: String?

    @Option(help: help("sigmas", "name"), completion: .list(key("sigmas").choices))
    var sigmas: String?

    @Option(parsing: .unconditional, help: help("seed", "n"))
    var seed: String?

    @Option(help: help("rng", "name"), completion: .list(key("rng").choices))
    var rng: String?

    @Option(parsing: .unconditional, help: help("variation_seed", "n"))
    var variationSeed: String?

    @Option(help: help("variation_strength", "x"))
    var variationStrength: String?

    @Option(help: help("compat", "program"), completion: .list(key("compat").choices))
    var compat: String?

    @Option(help: help("vae_tiling", "when"), completion: .list(key("vae_tiling").choices))
    var vaeTiling: String?

    @Option(help: help("precision", "name"), completion: .list(key("precision").choices))
    var precision: String?

    @Flag(help: help("strip_metadata", ""))
    var stripMetadata = false

    @Option(help: help("safety", "when"), completion: .list(key("safety").choices))
    var safety: String?

    @Option(parsing: .unconditional, help: help("watermark", "text"))
    var watermark: String?

    @Option(
        name: .customLong("lora"),
        help: ArgumentHelp(
            "A LoRA: a file or a name in the folder loras of $GESSO_MODELS, with a weight if "
                + "not 1; may be repeated.", valueName: "file[:weight]"),
        completion: .file(extensions: ["safetensors"]))
    var loras: [String] = []

    @Option(
        name: .customLong("control"),
        help: ArgumentHelp(
            "A ControlNet: a file, folder or name in the folder controlnet of $GESSO_MODELS, with "
                + "what it reads (a map, or a kind that gesso control lists), a weight, a mask of "
                + "where it has an effect and a share of the steps if not all; may be repeated.",
            valueName: "file[=map][:weight][:within=mask][@start-end]"),
        completion: .file(extensions: ["safetensors"]))
    var controls: [String] = []

    @Option(
        name: .customLong("control-image"),
        help: ArgumentHelp(
            "The map of a --control without one, in their order; may be repeated.",
            valueName: "picture"),
        completion: .file())
    var controlImages: [String] = []

    @Option(help: help("control_mode", "name"), completion: .list(key("control_mode").choices))
    var controlMode: String?

    @Option(
        name: .customLong("embedding"),
        help: ArgumentHelp(
            "A textual inversion, or a folder of them, to be used by its name in prompts; may be "
                + "repeated.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var embeddings: [String] = []

    @Option(
        help: ArgumentHelp(
            "VAE in place of the checkpoint's: a folder or file; TAESD too.", valueName: "path"),
        completion: .file())
    var vae: String?

    @Option(
        help: ArgumentHelp(
            "UNet in place of the checkpoint's: a folder or file.", valueName: "path"),
        completion: .file())
    var unet: String?

    @Option(help: help("clip_skip", "n"))
    var clipSkip: String?

    @Option(help: help("prompt_syntax", "name"), completion: .list(key("prompt_syntax").choices))
    var promptSyntax: String?

    @Option(
        name: .customLong("preset"),
        help: ArgumentHelp(
            "Settings from a preset or a recipe file; may be repeated, later ones override earlier "
                + "ones.",
            valueName: "name or file"),
        completion: CompletionValues.presets)
    var presets: [String] = []

    @Option(
        name: .customLong("style"),
        help: ArgumentHelp(
            "Words to put around the prompt, by their name in styles.csv; may be repeated.",
            valueName: "name"))
    var styles: [String] = []

    @Option(
        name: .customLong("styles"),
        help: ArgumentHelp(
            "AUTOMATIC1111's styles.csv (default: the one in ~/.config/gesso).", valueName: "file"),
        completion: .file(extensions: ["csv"]))
    var stylesFile: String?

    @Option(
        name: .customLong("var"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "The text for {name} in a preset or recipe; may be repeated.",
            valueName: "name=text"))
    var variables: [String] = []

    @Option(
        help: ArgumentHelp(
            "Use the settings that a picture was made with, AUTOMATIC1111's included; presets and "
                + "flags override them.", valueName: "picture"),
        completion: .file())
    var fromImage: String?

    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Any setting by its key; `gesso preset keys` lists them.", valueName: "key=value"),
        completion: CompletionValues.assignments)
    var assignments: [String] = []

    mutating func validate() throws {
        if fromImage == "-" { throw ValidationError("--from-image takes a file only") }
        let free = controls.count { ControlChoice($0)?.reads == nil }
        if controlImages.count > free {
            throw ValidationError(
                "there are \(controlImages.count) --control-image for \(free) --control without a map"
            )
        }
    }

    /// What `--from-image` and `--preset` name.
    private func files() throws -> [Preset] {
        let shelf = Workplace.library.places.presets
        let stored = try storedSettings().map { Preset($0) }
        return try [stored].compactMap(\.self) + presets.map { try shelf.preset($0) }
    }

    /// Notes what some verbs do not take of a picture's settings.
    static func note(_ presets: [Preset], for verbs: [Verb], quiet: Bool) {
        for note in presets.compactMap(\.picture).flatMap({ $0.notes(for: verbs) }) {
            Console.line("gesso: note: \(note)".asLine(), isQuiet: quiet)
        }
    }

    /// What the picture of `--from-image` says of how it was made.
    func storedSettings() throws -> PictureSettings? {
        try fromImage.map { Workplace.library.available(try PictureSettings(inFile: $0)) }
    }

    /// What recipes are made from: the presets, and what the flags set.
    ///
    /// - Parameter own: settings by the command's own flags.
    func source(_ own: [Setting] = []) throws -> RecipeSource {
        RecipeSource(
            presets: try files(),
            settings: settings + own + (try assignments.map { try Setting(assignment: $0) }),
            variables: try variables.map { try Setting(variable: $0) },
            styles: stylesFile ?? StyleBook.place(environment: Workplace.environment)
                ?? "styles.csv")
    }

    private var settings: [Setting] {
        [
            setting("prompt", prompt), setting("negative_prompt", negativePrompt),
            setting("steps", steps), setting("guidance_scale", guidanceScale),
            setting("scheduler", scheduler), setting("sigmas", sigmas), setting("seed", seed),
            setting("rng", rng), setting("variation_seed", variationSeed),
            setting("variation_strength", variationStrength), setting("compat", compat),
            setting("vae_tiling", vaeTiling), setting("precision", precision),
            setting("prompt_syntax", promptSyntax), setting("clip_skip", clipSkip),
            setting("lora", joined(loras)), setting("control", joined(controlsWithMaps)),
            setting("control_mode", controlMode), setting("embedding", joined(embeddings)),
            setting("vae", vae), setting("unet", unet), setting("style", joined(styles)),
            setting("strip_metadata", stripMetadata), setting("safety", safety),
            setting("watermark", watermark),
        ].compactMap(\.self)
    }
}

extension RecipeOptions {
    /// The ControlNets, those without a map with the pictures of `--control-image` in their order.
    private var controlsWithMaps: [String] {
        var images = controlImages[...]
        return controls.map { text in
            guard var choice = ControlChoice(text), choice.reads == nil,
                let image = images.popFirst()
            else { return text }
            choice.reads = image
            return choice.description
        }
    }
}

/// Values of a flag that was repeated, as its key has them; nil for none.
private func joined(_ values: [String]) -> String? {
    values.isEmpty ? nil : values.joined(separator: ";")
}

/// A setting by the flag of its name, if that is given.
func setting(_ key: String, _ value: String?) -> Setting? {
    value.map { Setting(key, $0, at: .argument("--" + key.replacing("_", with: "-"))) }
}

/// A setting by the flag of its name that takes no value.
func setting(_ key: String, _ isGiven: Bool) -> Setting? {
    setting(key, isGiven ? "true" : nil)
}

/// The help of a key's flag, with its choices and defaults; `others` are those of commands that are no verbs.
func help(_ name: String, _ valueName: String, _ others: String = "") -> ArgumentHelp {
    let key = key(name)
    var text = key.help.prefix(1).uppercased() + key.help.dropFirst()
    let oneOf = "one of "
    if key.expected.hasPrefix(oneOf) { text += ": " + key.expected.dropFirst(oneOf.count) }
    if let standard = key.standardText { text += " (default: \(standard)\(others))" }
    return ArgumentHelp(text + ".", valueName: valueName)
}

/// The entry of a key that has a flag.
func key(_ name: String) -> Key {
    guard let key = Recipe.key(name) else { preconditionFailure("no key is called \(name)") }
    return key
}
