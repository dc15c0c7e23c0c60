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
    /// What was added to the checkpoint.
    public var addOns: [AddOn]

    /// An add-on as A1111 knows it: what it is called and a part of a hash.
    public struct AddOn: Sendable, Equatable {
        /// The recipe's key: `lora` or `vae`.
        public var key: String
        /// The file's name without its ending.
        public var name: String
        /// Of a LoRA 12, of a VAE 10 hexadecimal digits.
        public var hash: String
        /// The factor of a LoRA.
        public var strength: Double

        /// A record of an add-on.
        public init(key: String, name: String, hash: String, strength: Double = 1) {
            (self.key, self.name, self.hash, self.strength) = (key, name, hash, strength)
        }
    }

    /// A record of how a picture was made.
    public init(
        verb: Verb, model: String, scheduler: String, seed: UInt64, size: Size, program: String,
        addOns: [AddOn] = []
    ) {
        self.verb = verb
        self.model = model
        self.scheduler = scheduler
        self.seed = seed
        self.size = size
        self.program = program
        self.addOns = addOns
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
        let loras = provenance.addOns.filter { $0.key == "lora" }
        let tags = loras.map { " <lora:\($0.name):\(Key.Value.number($0.strength))>" }
        var lines = [printable(prompt) + tags.joined()]
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
            ("Sampler", scheduler?.traits.nameInA1111 ?? provenance.scheduler),
            ("Schedule type", sigmas.nameInA1111),
            ("CFG scale", "\(Key.Value.number(guidanceScale))"),
            (
                "Image CFG scale",
                verb == .instruct ? "\(Key.Value.number(imageGuidanceScale))" : nil
            ),
            ("Seed", "\(provenance.seed)"),
            ("Size", "\(provenance.size)"),
            ("Model", provenance.model),
            ("VAE hash", provenance.addOns.first { $0.key == "vae" }?.hash),
            ("VAE", provenance.addOns.first { $0.key == "vae" }?.name),
            ("Denoising strength", hasStrength ? "\(Key.Value.number(strength))" : nil),
            ("Clip skip", clipSkip > 1 ? "\(clipSkip)" : nil),
            ("RNG", "CPU"),
            ("Mask mode", verb == .inpaint && invertMask ? "Inpaint not masked" : nil),
            ("Mask blur", verb == .inpaint ? "\(maskBlur > 0 ? maskBlur : maskFeather)" : nil),
            ("Inpaint area", verb == .inpaint && region == .mask ? "Only masked" : nil),
            ("Masked area padding", verb == .inpaint && region == .mask ? "\(maskPadding)" : nil),
            ("Masked content", isMasked ? fill.nameInA1111 : nil),
            (
                "Fill",
                isMasked && fill != Recipe(verb).fill && fill.nameInA1111 == nil ? "\(fill)" : nil
            ),
        ] + softInpaintingSettings(verb) + [
            ("Lora hashes", provenance.loraHashes),
            ("Edit", verb.rawValue),
            ("Version", provenance.program),
        ]
    }

    /// Under the names of A1111's extension of that name.
    private func softInpaintingSettings(_ verb: Verb) -> [(String, String?)] {
        guard verb == .inpaint, maskMode == .soft else { return [] }
        let settings = [
            ("schedule bias", softBlend.bias),
            ("preservation strength", softBlend.preservation),
            ("transition contrast boost", softBlend.contrast),
            ("mask influence", softComposite.influence),
            ("difference threshold", softComposite.threshold),
            ("difference contrast", softComposite.contrast),
        ]
        return [("Soft inpainting enabled", "True")]
            + settings.map { ("Soft inpainting " + $0, "\(Key.Value.number($1))") }
    }
}

extension Provenance {
    /// `name: hash` of every LoRA; nil without any.
    fileprivate var loraHashes: String? {
        let loras = addOns.filter { $0.key == "lora" }.map { "\($0.name): \($0.hash)" }
        return loras.isEmpty ? nil : loras.joined(separator: ", ")
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
