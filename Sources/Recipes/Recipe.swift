public import Sampling

/// Everything that can be asked of an edit, checked: each setting has a value within its range.
///
/// Properties are the settings, their initial values the defaults; `keys` at the end of this file is
/// the list by which files, `--set` and the command's flags reach them. A new setting is a property
/// and an entry.
public struct Recipe: Sendable, Equatable {
    /// What the picture should show.
    public var prompt = ""
    /// What it should not show.
    public var negativePrompt = ""
    /// Share of the noise schedule that is run, in 0...1: 0 keeps the picture, 1 starts from noise.
    public var strength = 0.75
    /// Number of steps of the whole schedule; strength runs a part of them. 0 is for a `fill` that is
    /// to stand as it is.
    public var steps = 20
    /// How far each step is pushed from the negative prompt to the prompt; 1 and less is no guidance.
    public var guidanceScale = 7.5
    /// How far each step is pushed to the picture that an instruction is about, 1 and more; 1 is no
    /// push.
    public var imageGuidanceScale = 1.5
    /// The scheduler; nil is the one the model names itself.
    public var scheduler: SchedulerName?
    /// How the noise levels are spread.
    public var sigmas = SigmaSpacing.default
    /// How the training timesteps are spread over the steps; nil is the model's own.
    public var timestepSpacing: TimestepSpacing?
    /// Fresh noise of each DDIM step, in 0...1; 0 is deterministic.
    public var eta = 0.0
    /// The seed of all noise; nil is one to be drawn (`drawingSeed`).
    public var seed: UInt64?
    /// The program to agree with to the number; nil is Gesso's own choice in each point.
    public var compat: StepRule?
    /// Width in pixels of a picture made from words alone; nil is the model's own.
    public var width: Int?
    /// Height in pixels of a picture made from words alone; nil is the model's own.
    public var height: Int?
    /// Pixels over which the repainted part fades in, inside the mask.
    public var maskFeather = 4
    /// The darkest grey of a mask that counts as white, in 0...255; black never does.
    public var maskThreshold = 128
    /// Pixels by which the white of a mask is grown; below zero it is shrunk.
    public var maskGrow = 0
    /// How the mask comes to the size of the latents, where it is said; see `maskLatent`.
    var chosenMaskLatent: MaskLatent?
    /// From which share of the schedule on guidance counts, in 0...1.
    public var guidanceStart = 0.0
    /// Up to which share of the schedule guidance counts, in 0...1.
    public var guidanceEnd = 1.0
    /// The UNet's deep part runs in one of so many steps; 1 is every step.
    public var deepCache = 1
    /// Share of the pixels that self-attention merges with their like, in 0...0.75.
    public var tokenMerging = 0.0
    /// Whether the autoencoder works in tiles, which bounds its memory.
    public var vaeTiling = VAETiling.auto
    /// Whether a mask of another size is resized to the picture's.
    public var fitMask = false
    /// Whether black is repainted instead of white.
    public var invertMask = false
    /// What stands under the mask when the model begins.
    public var fill = Fill.original
    /// How the canvas is extended.
    public var growth = Growth.sides()
    /// Pixels of the picture, along each extended side, that are repainted to hide the seam.
    public var overlap = 32

    /// The defaults of a verb.
    public init(_ verb: Verb) {
        switch verb {
        case .imageToImage: break
        case .inpaint: strength = 1
        case .outpaint: (strength, fill) = (0.9, .edge)
        case .instruct, .textToImage: strength = 1
        }
    }

    /// How the mask comes to the size of the latents: as said, else as `compat` has it, else `max`.
    public var maskLatent: MaskLatent {
        chosenMaskLatent ?? (compat == .diffusers ? .nearest : .max)
    }

    /// Whose count of steps to follow at a given strength.
    public var stepRule: StepRule { compat ?? .diffusers }

    /// The same recipe with its seed drawn, if it has none: below 2³² so that other tools can take it.
    public func drawingSeed() -> Recipe {
        var drawn = self
        drawn.seed = seed ?? UInt64(UInt32.random(in: .min ... .max))
        return drawn
    }
}

extension Recipe {
    /// The scheduler as its key sees it: a name may say how the sigmas are spread, too.
    fileprivate var schedulerChoice: SchedulerChoice? {
        get { scheduler.flatMap { try? SchedulerChoice(alias: $0.rawValue) } }
        set {
            scheduler = newValue?.scheduler
            sigmas = newValue?.sigmas ?? sigmas
        }
    }
}

/// How a mask in pixels becomes one in latents, each of which stands for 8x8 pixels.
public enum MaskLatent: String, CaseIterable, Sendable {
    /// White if any of the pixels is, so that thin strokes survive.
    case max
    /// The top left pixel of each, as diffusers has it.
    case nearest
}

extension Recipe {
    /// The most pixels a side of a picture or canvas may have.
    public static let maximumSide = 4096

    private static let fromPicture: [Verb] = [.imageToImage, .inpaint, .outpaint]
    private static let masked: [Verb] = [.inpaint, .outpaint]
    private static let side = Kind<Extent>.extent(0...maximumSide)

    /// THE list of what can be set, in the order in which it is shown and applied.
    public static let keys: [Key] = [
        Key("prompt", \.prompt, .text, "what the picture should show"),
        Key("negative_prompt", \.negativePrompt, .text, "what it should not show"),
        Key(
            "strength", \.strength, .number(0...1), for: fromPicture,
            "how much is repainted: 0 keeps the picture, 1 forgets it",
            elsewhere: ["denoising_strength", "denoise"]),
        Key(
            "steps", \.steps, .steps, "number of denoising steps; 0 shows the fill",
            elsewhere: ["num_inference_steps", "sampling_steps"]),
        Key(
            "guidance_scale", \.guidanceScale, .number(0...100),
            "how closely the prompt is followed", elsewhere: ["cfg_scale", "cfg"]),
        Key(
            "image_guidance_scale", \.imageGuidanceScale, .number(1...100), for: [.instruct],
            "how closely the picture is kept to", elsewhere: ["image_cfg_scale"]),
        Key(
            "scheduler", \.schedulerChoice, .orDefault(.scheduler),
            "how noise is removed; other programs' names will do",
            elsewhere: ["sampler", "sampler_name"]),
        Key(
            "sigmas", \.sigmas, .oneOf(SigmaSpacing.self), "how the noise levels are spread",
            elsewhere: ["schedule_type", "use_karras_sigmas"]),
        Key(
            "timestep_spacing", \.timestepSpacing, .orDefault(.oneOf(TimestepSpacing.self)),
            "how the steps are spread over the training timesteps"),
        Key("eta", \.eta, .number(0...1), "fresh noise in each DDIM step"),
        Key("seed", \.seed, .seed, "number that all noise grows from; drawn if not given"),
        Key(
            "compat", \.compat, .orDefault(.oneOf(StepRule.self)),
            "program whose pictures to match"),
        Key(
            "guidance_start", \.guidanceStart, .number(0...1),
            "share of the schedule from which on guidance counts"),
        Key(
            "guidance_end", \.guidanceEnd, .number(0...1),
            "share of the schedule up to which guidance counts"),
        Key(
            "deep_cache", \.deepCache, .count(1...20),
            "run the UNet's deep part in one of so many steps"),
        Key(
            "token_merging", \.tokenMerging, .number(0...1),
            "share of the pixels that attention merges"),
        Key(
            "vae_tiling", \.vaeTiling, .oneOf(VAETiling.self),
            "work of the autoencoder in tiles, for less memory"),
        Key(
            "width", \.width, .orDefault(.count(8...maximumSide)), for: [.textToImage],
            "width in pixels"),
        Key(
            "height", \.height, .orDefault(.count(8...maximumSide)), for: [.textToImage],
            "height in pixels"),
        Key(
            "fill", \.fill, .fill, for: masked, "what stands under the mask first",
            elsewhere: ["masked_content", "inpainting_fill"]),
        Key(
            "mask_threshold", \.maskThreshold, .count(0...255), for: [.inpaint],
            "grey from which a mask counts as white"),
        Key(
            "mask_grow", \.maskGrow, .count(-512...512), for: [.inpaint],
            "pixels to grow the mask by; below 0 it shrinks"),
        Key(
            "mask_feather", \.maskFeather, .count(0...512), for: [.inpaint],
            "pixels over which the repainted part fades in", elsewhere: ["mask_blur"]),
        Key(
            "mask_latent", \.chosenMaskLatent, .orDefault(.oneOf(MaskLatent.self)), for: masked,
            "how the mask is shrunk for the model"),
        Key(
            "fit_mask", \.fitMask, .flag, for: [.inpaint],
            "resize a mask of another size to the picture's"),
        Key(
            "invert_mask", \.invertMask, .flag, for: [.inpaint], "repaint black instead of white"),
        Key("left", \.left, side, for: [.outpaint], "how far to extend to the left"),
        Key("right", \.right, side, for: [.outpaint], "how far to extend to the right"),
        Key("top", \.top, side, for: [.outpaint], "how far to extend upwards"),
        Key("bottom", \.bottom, side, for: [.outpaint], "how far to extend downwards"),
        Key(
            "aspect", \.aspect, .aspect, for: [.outpaint],
            "extend both ways to this shape", elsewhere: ["aspect_ratio"]),
        Key("size", \.size, .size(8...maximumSide), for: [.outpaint], "extend to this size"),
        Key(
            "overlap", \.overlap, .count(0...512), for: [.outpaint],
            "pixels of the picture repainted along each extended side"),
    ]

    /// The entry of that name, if there is one.
    public static func key(_ name: String) -> Key? {
        keys.first { $0.name == name }
    }
}
