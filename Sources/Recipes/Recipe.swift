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
    /// The prompt before wildcards were drawn, for the record; nil where none were.
    public var wildcardPrompt: String?
    /// The same of the negative prompt.
    public var wildcardNegativePrompt: String?
    /// Styles to put around the prompts, by name; see `takingStyles`.
    var styles: [String] = []
    /// How the prompts are read, where it is said; see `promptSyntax`.
    var chosenPromptSyntax: PromptSyntax?
    /// The layer of the text encoder whose states are used, counted from its end as AUTOMATIC1111
    /// does: 1 is the last. diffusers' `clip_skip` is one less.
    public var clipSkip = 1
    /// LoRAs to add to the model.
    public var loras: [LoRAChoice] = []
    /// ControlNets that steer.
    public var controls: [ControlChoice] = []
    /// Whether the prompt or the ControlNets count for more.
    public var controlMode = ControlMode.balanced
    /// Files of embeddings that prompts may name.
    public var embeddings: [String] = []
    /// The VAE in place of the model's; nil is the model's.
    public var vae: String?
    /// The UNet in place of the model's; nil is the model's.
    public var unet: String?
    /// The inpainting checkpoint whose UNet the model's is added to; nil is none.
    public var inpaintBase: String?
    /// The checkpoint that `inpaintBase` was made from; nil is none.
    public var inpaintDelta: String?
    /// Share of the noise schedule that is run, in 0...1: 0 keeps the picture, 1 starts from noise.
    public var strength: Double {
        get { chosenStrength ?? standardStrength }
        set { chosenStrength = newValue }
    }
    private var chosenStrength: Double?
    private var standardStrength = 0.75
    /// Number of steps of the whole schedule; strength runs a part of them. 0 is for a `fill` that is
    /// to stand as it is.
    public var steps: Int {
        get { chosenSteps ?? 20 }
        set { chosenSteps = newValue }
    }
    private var chosenSteps: Int?
    /// How far each step is pushed from the negative prompt to the prompt; 1 and less is no guidance.
    public var guidanceScale: Double {
        get { chosenGuidanceScale ?? 7.5 }
        set { chosenGuidanceScale = newValue }
    }
    private var chosenGuidanceScale: Double?
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
    /// What the noise grows from beside the seed.
    public var noise = NoiseChoice()
    /// The program to agree with to the number; nil is Gesso's own choice in each point.
    public var compat: StepRule?
    /// Width in pixels of a picture made from words alone; nil is the model's own.
    public var width: Int?
    /// Height in pixels of a picture made from words alone; nil is the model's own.
    public var height: Int?
    /// Whether strength counts steps or sets the noise level of the start.
    public var strengthMode = StrengthMode.steps
    /// Pixels over which the repainted part fades in, inside the mask.
    public var maskFeather = 4
    /// Deviation in pixels of A1111's mask blur, which reaches out of the mask, too.
    public var maskBlur = 0
    /// What the greys of a mask mean.
    public var maskMode = MaskMode.hard
    /// How estimates are blended in mask mode `soft`.
    public var softBlend = SoftBlend()
    /// How what was painted is laid over the picture in mask mode `soft`.
    public var softComposite = SoftComposite()
    /// What of the picture the model sees.
    public var region = WorkRegion.whole
    /// Pixels around the mask that are seen beside it in region `mask`.
    public var maskPadding = 32
    /// Pixels a side at which a region is worked on; nil is the model's own size.
    public var regionSize: Int?
    /// Whether parts of a mask that do not touch are painted one after the other.
    public var perComponent = false
    /// A prompt a line for the parts of the mask, in the order of reading; an empty line and a part
    /// without one get `prompt`.
    public var componentPrompts = ""
    /// How the colours of what was painted are matched to the picture.
    public var matchColor = ColorMatch.off
    /// How what was painted is joined to the picture.
    public var blend = Blend.feather
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
    /// Share of the pixels that self-attention merges with their like, in 0...1; above 0.75 it is 0.75.
    public var tokenMerging = 0.0
    /// The UNet computes all of the latents in one of so many steps, in the others those near the mask alone; 1 is
    /// every step.
    public var reuse = 1
    /// Whether the autoencoder works in tiles, which bounds its memory.
    public var vaeTiling = VAETiling.auto
    /// The numbers that the networks' products are computed in.
    public var precision = ModelPrecision.exact
    /// Whether a mask of another size is resized to the picture's.
    public var fitMask = false
    /// Whether black is repainted instead of white.
    public var invertMask = false
    /// What fills the mask before the model runs.
    public var fill = Fill.original
    /// Masks of what the fill `patch` takes nothing from.
    public var avoid: [MaskSource] = []
    /// How the canvas is extended.
    public var growth = Growth.sides()
    /// Pixels of the picture, along each extended side, that are repainted to hide the seam.
    public var overlap = 32
    /// Where the picture is on a canvas that grows to an aspect or a size.
    public var gravity = Gravity.center
    /// In how many passes a canvas is painted.
    public var canvasPasses = CanvasPasses.auto
    /// The size at which the model works.
    public var workSize = WorkSize.auto
    /// How what was painted at another size than the picture's gets its fine detail.
    public var detail = Detail.auto
    /// Share of the noise schedule that is run in tiles that give what was made larger its detail; nil
    /// is by how much it was.
    public var detailStrength: Double?
    /// How much larger an upscaled picture is.
    public var scale = 2.0
    /// Pixels a side of the tiles of an upscaled picture; nil is the model's own size.
    public var tileSize: Int?
    /// Pixels over which neighbouring tiles fade into each other.
    public var tileOverlap = 64

    /// A second run over the picture made larger.
    public var hires = Hires()
    /// The run before, of a second run's own recipe.
    public internal(set) var firstRun: FirstRun?

    /// Whether the GPS of EXIF and XMP is left out of the result.
    public var stripGPS = false
    /// Whether all that came with the picture but its profile is left out, and the settings, too.
    public var stripMetadata = false
    /// Whether the checkpoint's safety checker is asked.
    public var safety = Safety.on
    /// An invisible watermark: `on` for a mark that names the manifest, or a text; none where it is empty.
    public var watermark = ""

    /// The defaults of a verb.
    public init(_ verb: Verb) {
        switch verb {
        case .imageToImage: break
        case .inpaint: standardStrength = 1
        case .outpaint: (standardStrength, fill) = (0.9, .edge)
        case .instruct, .textToImage: standardStrength = 1
        case .upscale: standardStrength = 0.25
        }
    }

    /// Whether someone said how many steps to make; a model may have its own number otherwise.
    public var choosesSteps: Bool { chosenSteps != nil }

    /// Whether someone said how far to push; a model may have its own scale otherwise.
    public var choosesGuidanceScale: Bool { chosenGuidanceScale != nil }

    /// Whether someone said how much is repainted; a model may have its own strength otherwise.
    public var choosesStrength: Bool { chosenStrength != nil }

    /// Keys whose values come from a shipped preset, which suits models in general: a model may have its
    /// own in their place.
    var generalKeys: Set<String> = []

    /// How the mask comes to the size of the latents: as said, else as `compat` has it, else `max`.
    public var maskLatent: MaskLatent {
        chosenMaskLatent ?? compatibility.maskLatent
    }

    /// How the prompts are read: as said, else plain where diffusers is to be matched.
    public var promptSyntax: PromptSyntax {
        chosenPromptSyntax ?? compatibility.promptSyntax
    }

    /// Whose count of steps to follow at a given strength.
    public var stepRule: StepRule { compatibility.steps }

    /// A seed by chance, below 2³² so that other tools can take it.
    public static func randomSeed() -> UInt64 { UInt64(UInt32.random(in: .min ... .max)) }

    /// Whether a text stands for a seed that is to be drawn: `random`, or AUTOMATIC1111's -1.
    package static func drawsSeed(_ text: String) -> Bool { text == "random" || text == "-1" }

    /// The same recipe with a seed, drawn if it has none, and so with the seed of its variation.
    public func drawingSeed() -> (recipe: Recipe, seed: UInt64) {
        var drawn = self
        let seed = seed ?? Self.randomSeed()
        drawn.seed = seed
        if noise.variationStrength > 0 {
            drawn.noise.variationSeed = noise.variationSeed ?? Self.randomSeed()
        }
        return (drawn, seed)
    }
}

extension Recipe {
    /// The scheduler as its key has it: a name may say how the sigmas are spread, too.
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
    /// The most bytes that a prompt or another text of a setting may have, in UTF-8.
    public static let longestText = 64 << 10

    /// The most pixels a side of what the model works on may have.
    public static let maximumSide = 4096

    /// The most pixels a side of a canvas may have, as of a JPEG.
    public static let maximumCanvasSide = 65_500

    private static let fromPicture: [Verb] = [.imageToImage, .inpaint, .outpaint, .upscale]
    private static let masked: [Verb] = [.inpaint, .outpaint]
    private static let sized: [Verb] = [.imageToImage, .inpaint, .outpaint, .instruct]
    private static let side = Kind<Extent>.extent(0...maximumCanvasSide)

    /// THE list of what can be set, in the order in which it is shown and applied.
    public static let keys: [Key] = keysOfOneRun + hiresKeys

    private static let keysOfOneRun: [Key] = [
        Key("prompt", \.prompt, .text, "what the picture should show"),
        Key(
            "negative_prompt", \.negativePrompt, .text, "what it should not show",
            elsewhere: ["negative", "neg_prompt", "uncond"]),
        Key(
            "wildcard_prompt", \.wildcardPrompt, .orDefault(.text),
            "what the prompt was drawn from, for the record"),
        Key(
            "wildcard_negative_prompt", \.wildcardNegativePrompt, .orDefault(.text),
            "what the negative prompt was drawn from, likewise"),
        Key(
            "style", \.styles, .styles, "words of styles.csv to put around the prompts",
            elsewhere: ["styles"]),
        Key(
            "prompt_syntax", \.chosenPromptSyntax, .orDefault(.oneOf(PromptSyntax.self)),
            "whether (word:1.3), [word] and BREAK are interpreted"),
        Key(
            "clip_skip", \.clipSkip, .count(1...12),
            "text encoder layer to use, counted from the last"),
        Key("lora", \.loras, .loras, "small changes to the model, each with its weight"),
        Key(
            "control", \.controls, .controls, "ControlNets, each with what it reads and a weight",
            elsewhere: ["controlnet"]),
        Key(
            "control_mode", \.controlMode, .oneOf(ControlMode.self),
            "whether the prompt or the ControlNets count for more"),
        Key(
            "embedding", \.embeddings, .paths, "files of words a prompt may use",
            elsewhere: ["textual_inversion"]),
        Key("vae", \.vae, .orDefault(.path), "autoencoder in place of the model's"),
        Key("unet", \.unet, .orDefault(.path), "UNet in place of the model's"),
        Key(
            "inpaint_base", \.inpaintBase, .orDefault(.path), for: masked,
            "inpainting checkpoint that makes a 4-channel model one"),
        Key(
            "inpaint_delta", \.inpaintDelta, .orDefault(.path), for: masked,
            "4-channel checkpoint that inpaint_base was made from"),
        Key(
            "strength", \.strength, .number(0...1), for: fromPicture,
            "how much is repainted: 0 keeps the picture, 1 ignores it",
            elsewhere: ["denoising_strength", "denoise", "denoising"]),
        Key(
            "strength_mode", \.strengthMode, .oneOf(StrengthMode.self), for: fromPicture,
            "what strength sets: steps, or the noise of the start"),
        Key(
            "steps", \.steps, .steps,
            "number of denoising steps; 0 (inpaint, outpaint): fill only",
            elsewhere: ["num_inference_steps", "sampling_steps", "num_steps", "ddim_steps"]),
        Key(
            "guidance_scale", \.guidanceScale, .number(0...100),
            "how closely the prompt is followed", elsewhere: ["cfg_scale", "cfg", "guidance"]),
        Key(
            "image_guidance_scale", \.imageGuidanceScale, .number(1...100), for: [.instruct],
            "how closely the picture is followed", elsewhere: ["image_cfg_scale"]),
        Key(
            "scheduler", \.schedulerChoice, .orDefault(.scheduler),
            "how noise is removed; other programs' names are accepted",
            elsewhere: ["sampler", "sampler_name", "sampling_method"]),
        Key(
            "sigmas", \.sigmas, .oneOf(SigmaSpacing.self), "how the noise levels are spread",
            elsewhere: ["schedule_type", "use_karras_sigmas", "schedule"]),
        Key(
            "timestep_spacing", \.timestepSpacing, .orDefault(.oneOf(TimestepSpacing.self)),
            "how the steps are spread over the training timesteps"),
        Key("eta", \.eta, .number(0...1), "fresh noise in each DDIM step"),
        Key("seed", \.seed, .seed, "number that all noise is derived from; random if not given"),
        Key(
            "rng", \.noise.chosenGenerator, .orDefault(.oneOf(RandomGenerator.self)),
            "whose random numbers to draw: torch's or an NVIDIA card's",
            elsewhere: ["randn_source"]),
        Key(
            "variation_seed", \.noise.variationSeed, .seed,
            "seed of a second noise that is blended in", elsewhere: ["subseed"]),
        Key(
            "variation_strength", \.noise.variationStrength, .number(0...1),
            "share of the second noise", elsewhere: ["subseed_strength"]),
        Key(
            "seed_resize_from", \.noise.resizedFrom, .size(8...maximumSide),
            "size of a picture whose composition to keep"),
        Key(
            "seed_delta", \.noise.seedDelta, .count(-0x8000_0000...0x7FFF_FFFF),
            "added to the seed for the noise of the steps",
            elsewhere: ["ensd", "eta_noise_seed_delta"]),
        Key(
            "compat", \.compat, .orDefault(.oneOf(StepRule.self)),
            "program whose pictures to match"),
        Key(
            "guidance_start", \.guidanceStart, .number(0...1),
            "share of the schedule at which guidance begins"),
        Key(
            "guidance_end", \.guidanceEnd, .number(0...1),
            "share of the schedule at which guidance ends"),
        Key(
            "deep_cache", \.deepCache, .count(1...20),
            "run the UNet's deep part in one of this many steps"),
        Key(
            "token_merging", \.tokenMerging, .number(0...1),
            "share of the pixels that attention merges"),
        Key(
            "reuse", \.reuse, .count(1...100), for: masked,
            "run the UNet away from the mask in one of so many steps"),
        Key(
            "vae_tiling", \.vaeTiling, .oneOf(VAETiling.self),
            "work of the autoencoder in tiles, for less memory"),
        Key(
            "precision", \.precision, .oneOf(ModelPrecision.self),
            "numbers to compute in: rounded ones are faster"),
        Key(
            "width", \.width, .orDefault(.count(8...maximumSide)), for: [.textToImage],
            "width in pixels"),
        Key(
            "height", \.height, .orDefault(.count(8...maximumSide)), for: [.textToImage],
            "height in pixels"),
        Key(
            "fill", \.fill, .fill, for: masked, "what fills the mask before the model runs",
            elsewhere: ["masked_content", "inpainting_fill"]),
        Key(
            "avoid", \.avoid, .masks, for: [.inpaint],
            "masks of what the fill patch takes nothing from"),
        Key(
            "mask_threshold", \.maskThreshold, .count(0...255), for: [.inpaint],
            "grey from which a mask counts as white"),
        Key(
            "mask_grow", \.maskGrow, .count(-512...512), for: [.inpaint],
            "pixels to grow the mask by; below 0 it shrinks"),
        Key(
            "mask_feather", \.maskFeather, .count(0...512), for: [.inpaint],
            "pixels over which the repainted part fades in"),
        Key(
            "mask_blur", \.maskBlur, .count(0...256), for: [.inpaint],
            "AUTOMATIC1111's blur, which reaches beyond the mask"),
        Key(
            "mask_mode", \.maskMode, .oneOf(MaskMode.self), for: [.inpaint],
            "what greys mean: black or white, strengths, soft"),
        Key(
            "soft_bias", \.softBlend.bias, .number(0...8), for: [.inpaint],
            "soft inpainting: schedule bias"),
        Key(
            "soft_preservation", \.softBlend.preservation, .number(0...8), for: [.inpaint],
            "soft inpainting: preservation strength"),
        Key(
            "soft_contrast", \.softBlend.contrast, .number(1...32), for: [.inpaint],
            "soft inpainting: transition contrast boost"),
        Key(
            "soft_influence", \.softComposite.influence, .number(0...1), for: [.inpaint],
            "soft inpainting: mask influence"),
        Key(
            "soft_threshold", \.softComposite.threshold, .number(0...8), for: [.inpaint],
            "soft inpainting: difference threshold"),
        Key(
            "soft_difference", \.softComposite.contrast, .number(0...8), for: [.inpaint],
            "soft inpainting: difference contrast"),
        Key(
            "region", \.region, .oneOf(WorkRegion.self), for: [.inpaint],
            "what of the picture the model works on", elsewhere: ["inpaint_area"]),
        Key(
            "mask_padding", \.maskPadding, .count(0...1024), for: [.inpaint],
            "pixels around the mask that belong to its region",
            elsewhere: ["padding", "padding_mask_crop", "inpaint_full_res_padding"]),
        Key(
            "region_size", \.regionSize, .orDefault(.count(64...2048)), for: masked,
            "pixels a side at which a region is worked on"),
        Key(
            "per_component", \.perComponent, .flag, for: [.inpaint],
            "paint parts that do not touch one after the other"),
        Key(
            "component_prompts", \.componentPrompts, .text, for: [.inpaint],
            "a prompt a line for those parts, in reading order"),
        Key(
            "match_color", \.matchColor, .oneOf(ColorMatch.self), for: masked,
            "undo drift of colours, or match those of the surroundings"),
        Key(
            "blend", \.blend, .oneOf(Blend.self), for: masked,
            "how the new part is joined to the picture"),
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
        Key("size", \.size, .size(8...maximumCanvasSide), for: [.outpaint], "extend to this size"),
        Key(
            "overlap", \.overlap, .count(0...512), for: [.outpaint],
            "pixels of the picture repainted along each extended side"),
        Key(
            "gravity", \.gravity, .oneOf(Gravity.self), for: [.outpaint],
            "where the picture goes on a canvas of an aspect or size"),
        Key(
            "canvas_passes", \.canvasPasses, .oneOf(CanvasPasses.self), for: [.outpaint],
            "paint a large canvas in steps, or all at once"),
        Key(
            "work_size", \.workSize, .workSize, for: sized,
            "size the model works at; auto is its own for large pictures"),
        Key(
            "detail", \.detail, .oneOf(Detail.self), for: sized,
            "how what was painted at another size gets its fine detail"),
        Key(
            "detail_strength", \.detailStrength, .orDefault(.number(0...1)), for: sized,
            "how strongly tiles repaint what was made larger"),
        Key("scale", \.scale, .number(1...8), for: [.upscale], "how many times larger"),
        Key(
            "tile_size", \.tileSize, .orDefault(.count(64...2048)), for: [.upscale],
            "pixels a side of the tiles"),
        Key(
            "tile_overlap", \.tileOverlap, .count(0...512), for: [.upscale],
            "pixels over which tiles fade into each other"),
        Key(
            "strip_gps", \.stripGPS, .flag, for: fromPicture,
            "leave out where the picture was taken"),
        Key(
            "strip_metadata", \.stripMetadata, .flag,
            "leave out metadata and settings but profile and AI mark"),
        Key(
            "safety", \.safety, .oneOf(Safety.self),
            "ask the model's safety checker, if it has one"),
        Key("watermark", \.watermark, .text, "invisible watermark: on, or a text"),
    ]

    /// The entry of that name, if there is one.
    public static func key(_ name: String) -> Key? {
        keys.first { $0.name == name }
    }
}
