public import Sampling

/// A second run over a picture made larger, AUTOMATIC1111's "hires fix": the first decides on the
/// composition at a size that the model knows, the second adds the details.
public struct Hires: Sendable, Equatable {
    /// How many times larger each side is; at 1 there is no second run, unless a size is given.
    public var scale = 1.0
    /// The size in pixels in place of a scale; what does not fit its shape is cut off evenly.
    public var size: Size?
    /// How the first run's result is made larger.
    public var upscaler = HiresUpscaler.latent
    /// Steps of the second run; 0 is as many as of the first.
    public var steps = 0
    /// Share of the noise schedule that the second run runs, in 0...1.
    public var strength = 0.7
    /// Its scheduler, and how its noise levels are spread; nil is as in the first.
    public var scheduler: SchedulerChoice?
    /// Its prompt; that of the first where it is empty.
    public var prompt = ""
    /// Its negative prompt; that of the first where it is empty.
    public var negativePrompt = ""
    /// How closely it follows the prompt; nil is as in the first.
    public var guidanceScale: Double?

    /// No second run.
    public init() {}

    /// Whether there is a second run.
    public var isOn: Bool { scale > 1 || size != nil }

    /// The sizes of the second run over a picture of a size: that of the picture made larger, and of what
    /// of its middle is kept. Sides that follow from a scale are multiples of 8.
    public func sizes(over first: Size) -> (full: Size, kept: Size) {
        func scaled(_ side: Int) -> Int { max(Int(Double(side) * scale) / 8 * 8, 8) }
        guard let size else {
            let size = Size(width: scaled(first.width), height: scaled(first.height))
            return (size, size)
        }
        let isNarrower = first.width * size.height < size.width * first.height
        let full =
            isNarrower
            ? Size(width: size.width, height: size.width * first.height / first.width)
            : Size(width: size.height * first.width / first.height, height: size.height)
        return (full, size)
    }
}

/// What a second run knows of the first.
public struct FirstRun: Sendable, Equatable {
    /// Its steps, before strength shortens them.
    public let steps: Int
    /// Its scheduler; nil is the one that the model's configuration names.
    public let scheduler: SchedulerName?
}

/// How a picture is made larger before the second run.
public enum HiresUpscaler: String, CaseIterable, Sendable {
    /// Its latents, bilinearly.
    case latent
    /// Its latents, bilinearly with antialiasing, which has an effect only where a side shrinks.
    case latentAntialiased = "latent-antialiased"
    /// Its latents, by cubic convolution.
    case latentBicubic = "latent-bicubic"
    /// Its latents, by a softer cubic convolution.
    case latentBicubicAntialiased = "latent-bicubic-antialiased"
    /// Its latents, each repeated.
    case latentNearest = "latent-nearest"
    /// Its latents, each repeated around its middle.
    case latentNearestExact = "latent-nearest-exact"
    /// Its pixels, by Lanczos' filter.
    case lanczos
    /// Its pixels, each repeated.
    case nearest

    /// The mode of `torch.nn.functional.interpolate`; nil where pixels are made larger.
    public var scaling: LatentScaling? {
        switch self {
        case .latent: .bilinear
        case .latentAntialiased: .bilinearAntialiased
        case .latentBicubic: .bicubic
        case .latentBicubicAntialiased: .bicubicAntialiased
        case .latentNearest: .nearest
        case .latentNearestExact: .nearestExact
        case .lanczos, .nearest: nil
        }
    }

    /// Its name in A1111's menu, which infotext uses.
    public var nameInA1111: String {
        switch self {
        case .latent: "Latent"
        case .latentAntialiased: "Latent (antialiased)"
        case .latentBicubic: "Latent (bicubic)"
        case .latentBicubicAntialiased: "Latent (bicubic antialiased)"
        case .latentNearest: "Latent (nearest)"
        case .latentNearestExact: "Latent (nearest-exact)"
        case .lanczos: "Lanczos"
        case .nearest: "Nearest"
        }
    }

    /// The upscaler of a name of A1111's; nil for a network, which Gesso does not have.
    public init?(nameInA1111 name: String) {
        // A1111's "None" ends with Lanczos' filter.
        let match = Self.allCases.first { $0.nameInA1111 == name }
        guard let match = match ?? (name == "None" ? .lanczos : nil) else { return nil }
        self = match
    }
}

extension Recipe {
    /// The recipe of the second run.
    ///
    /// A1111 runs as many steps of it as are asked for, whatever its setting.
    public var ofSecondRun: Recipe {
        var second = self
        second.hires = Hires()
        second.firstRun = FirstRun(steps: steps, scheduler: scheduler)
        (second.strength, second.strengthMode) = (hires.strength, .steps)
        if hires.steps > 0 { second.steps = hires.steps }
        if let choice = hires.scheduler {
            second.scheduler = choice.scheduler
            second.sigmas = choice.sigmas ?? sigmas
            // The first run's settings hold as far as the second's scheduler has them.
            let settings = choice.scheduler.traits.settings
            if !settings.contains(.sigmas) { second.sigmas = .default }
            if !settings.contains(.eta) { second.eta = 0 }
            if !settings.contains(.timestepSpacing) { second.timestepSpacing = nil }
        }
        if !hires.prompt.isEmpty { second.prompt = hires.prompt }
        if !hires.negativePrompt.isEmpty { second.negativePrompt = hires.negativePrompt }
        if let scale = hires.guidanceScale { second.guidanceScale = scale }
        if compat == .a1111 { second.compat = .a1111Exact }
        return second
    }

    /// The keys of the second run.
    static let hiresKeys: [Key] = {
        let verbs: [Verb] = [.textToImage, .imageToImage]
        return [
            Key(
                "hires_scale", \.hires.scale, .number(1...8), for: verbs,
                "times larger in a second run; 1 is none", elsewhere: ["hr_scale"]),
            Key(
                "hires_size", \.hires.size, .size(8...maximumSide), for: verbs,
                "size in pixels of a second run"),
            Key(
                "hires_upscaler", \.hires.upscaler, .oneOf(HiresUpscaler.self), for: verbs,
                "how the first run's result is made larger", elsewhere: ["hr_upscaler"]),
            Key(
                "hires_steps", \.hires.steps, .count(0...1000), for: verbs,
                "steps of the second run; 0 is as many as of the first",
                elsewhere: ["hr_second_pass_steps"]),
            Key(
                "hires_strength", \.hires.strength, .number(0...1), for: verbs,
                "how much the second run repaints"),
            Key(
                "hires_scheduler", \.hires.scheduler, .orDefault(.spacedScheduler), for: verbs,
                "scheduler of the second run, with or without a spacing",
                elsewhere: ["hr_sampler_name"]),
            Key(
                "hires_prompt", \.hires.prompt, .text, for: verbs,
                "what the second run should show", elsewhere: ["hr_prompt"]),
            Key(
                "hires_negative_prompt", \.hires.negativePrompt, .text, for: verbs,
                "what the second run should not show", elsewhere: ["hr_negative_prompt"]),
            Key(
                "hires_guidance_scale", \.hires.guidanceScale, .orDefault(.number(0...100)),
                for: verbs, "how closely the second run follows the prompt",
                elsewhere: ["hr_cfg"]),
        ]
    }()
}
