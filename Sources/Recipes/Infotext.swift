import Sampling

/// What is known of a picture beside the recipe it was made by.
public struct Provenance: Sendable, Equatable {
    /// What was done.
    public var verb: Verb
    /// Name of the checkpoint.
    public var model: String
    /// The scheduler that ran, by its name in recipes.
    public var scheduler: String
    /// The seed, drawn or given.
    public var seed: UInt64
    /// Size in pixels.
    public var size: Size
    /// Name and version of the program.
    public var program: String

    /// A record of how a picture was made.
    public init(
        verb: Verb, model: String, scheduler: String, seed: UInt64, size: Size, program: String
    ) {
        self.verb = verb
        self.model = model
        self.scheduler = scheduler
        self.seed = seed
        self.size = size
        self.program = program
    }
}

extension Recipe {
    /// The recipe as A1111 and the programs around it keep it beside a picture, in the PNG text
    /// `parameters` or the EXIF user comment: the prompt, the negative prompt, and a line of settings
    /// under their names for them.
    ///
    /// Control characters, which no such text may hold, become blanks. The seed, scheduler and size
    /// are those of `provenance`.
    public func infotext(_ provenance: Provenance) -> String {
        var lines = [printable(prompt)]
        if !negativePrompt.isEmpty {
            lines.append("Negative prompt: " + printable(negativePrompt))
        }
        let settings = infotextSettings(provenance).compactMap { name, value in
            value.map { "\(name): \(quotedIfNeeded(printable($0)))" }
        }
        lines.append(settings.joined(separator: ", "))
        return lines.joined(separator: "\n")
    }

    private func infotextSettings(_ provenance: Provenance) -> [(String, String?)] {
        let verb = provenance.verb
        let isMasked = verb == .inpaint || verb == .outpaint
        let hasStrength = isMasked || verb == .imageToImage
        let scheduler = SchedulerName(rawValue: provenance.scheduler)
        return [
            ("Steps", "\(steps)"),
            ("Sampler", scheduler?.nameInA1111 ?? provenance.scheduler),
            ("Schedule type", sigmas.nameInA1111),
            ("CFG scale", "\(Key.Value.number(guidanceScale))"),
            (
                "Image CFG scale",
                verb == .instruct ? "\(Key.Value.number(imageGuidanceScale))" : nil
            ),
            ("Seed", "\(provenance.seed)"),
            ("Size", "\(provenance.size)"),
            ("Model", provenance.model),
            ("Denoising strength", hasStrength ? "\(Key.Value.number(strength))" : nil),
            ("RNG", "CPU"),
            ("Mask mode", verb == .inpaint && invertMask ? "Inpaint not masked" : nil),
            ("Mask blur", verb == .inpaint ? "\(maskFeather)" : nil),
            ("Masked content", isMasked ? fill.nameInA1111 : nil),
            (
                "Fill",
                isMasked && fill != Recipe(verb).fill && fill.nameInA1111 == nil ? "\(fill)" : nil
            ),
            ("Edit", verb.rawValue),
            ("Version", provenance.program),
        ]
    }
}

extension SchedulerName {
    /// What A1111's menu calls it.
    fileprivate var nameInA1111: String {
        switch self {
        case .ddim: "DDIM"
        case .ddpm: "DDPM"
        case .euler: "Euler"
        case .eulerAncestral: "Euler a"
        case .dpmppMultistep: "DPM++ 2M"
        case .heun: "Heun"
        case .lms: "LMS"
        case .unipc: "UniPC"
        case .pndm: "PLMS"
        case .lcm: "LCM"
        }
    }
}

extension SigmaSpacing {
    /// What A1111 calls it as a schedule type; nil for the one it takes by itself.
    fileprivate var nameInA1111: String? {
        switch self {
        case .default: nil
        case .karras: "Karras"
        case .exponential: "Exponential"
        }
    }
}

private func printable(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map {
                $0 != "\n" && $0.properties.generalCategory == .control ? " " : $0
            }))
}

/// A value with a comma, a colon or a line end stands in quotes, as JSON has them.
private func quotedIfNeeded(_ text: String) -> String {
    guard text.contains(where: { ",:\n".contains($0) }) else { return text }
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        .replacing("\n", with: "\\n")
    return "\"\(escaped)\""
}
