public import Sampling

/// What it means to match a program: the rules in which programs differ, read once from `compat`.
public struct Compatibility: Sendable, Equatable {
    /// Whose count of steps is followed at a given strength.
    public let steps: StepRule
    /// How a mask comes to the size of the latents, where `mask_latent` is not given.
    public let maskLatent: MaskLatent
    /// How prompts are read, where `prompt_syntax` is not given.
    public let promptSyntax: PromptSyntax
    /// Whether `clip_skip` applies to the negative prompt, too.
    public let skipsLayersOfNegative: Bool
    /// How latents beside a hard mask are kept to the picture.
    public let knownLatents: KnownLatents
    /// The mask modes in which a mask is shrunk to the latents by bilinear interpolation.
    public let bilinearModes: Set<MaskMode>
    /// Whether an inpainting at strength 1 still begins from the picture.
    public let startsFromPicture: Bool
    /// What draws the random numbers, where `rng` is not given.
    public let generator: RandomGenerator
    /// Whether the latents of a picture are drawn from the autoencoder's distribution, with the first
    /// numbers of the seed (diffusers). The others draw them by chance: here they are the mean, and the
    /// seed's first numbers are the noise of the start.
    public let drawsLatents: Bool
    /// Whether a guidance scale below 1 guides, too; diffusers leaves the negative prompt out there.
    public let guidesBelowOne: Bool
    /// Whether prompts of different lengths are filled up to the longest with chunks of the empty prompt. AUTOMATIC1111
    /// and ComfyUI compute them apart.
    public let padsPrompts: Bool

    /// Whether the strength of a LoRA with DoRA's magnitudes is that of the change before they are applied (diffusers), not
    /// how much is added of what comes of both (AUTOMATIC1111, ComfyUI).
    public let scalesDirection: Bool

    /// How latents beside a hard mask are kept to the picture.
    public enum KnownLatents: Sendable {
        /// Put back after each step, noised to the next (diffusers).
        case afterEachStep
        /// Held in each estimate, and put back after the last step (AUTOMATIC1111).
        case inEstimates
        /// Noised anew before each evaluation and put back after it (ComfyUI).
        case aroundEvaluations
    }

    /// The rules of a program; nil is Gesso's own choice in each.
    public init(_ program: StepRule?) {
        steps = program ?? .diffusers
        maskLatent = program == .diffusers ? .nearest : .max
        promptSyntax = program == .diffusers ? .plain : .weighted
        skipsLayersOfNegative = program != .diffusers
        knownLatents =
            switch program {
            case .a1111, .a1111Exact: .inEstimates
            case .comfy: .aroundEvaluations
            case .diffusers, nil: .afterEachStep
            }
        bilinearModes =
            switch program {
            case .diffusers: [.differential]
            case .comfy: [.hard]
            case .a1111, .a1111Exact, nil: []
            }
        startsFromPicture = program == .comfy
        switch program {
        case .a1111, .a1111Exact: generator = .nv
        case .comfy, .diffusers, nil: generator = .torch
        }
        drawsLatents = steps == .diffusers
        guidesBelowOne = steps != .diffusers
        padsPrompts = steps == .diffusers
        scalesDirection = program == .diffusers
    }
}

extension Recipe {
    /// The rules that `compat` stands for.
    public var compatibility: Compatibility { Compatibility(compat) }

    /// Whether the guidance scale guides, so that the negative prompt counts.
    public var isGuided: Bool {
        compatibility.guidesBelowOne ? guidanceScale != 1 : guidanceScale > 1
    }

    /// The same recipe, in which what `compat` stands for counts as not given.
    package var withoutImplied: Recipe {
        var recipe = self
        if maskLatent == compatibility.maskLatent { recipe.chosenMaskLatent = nil }
        if generator == compatibility.generator { recipe.noise.chosenGenerator = nil }
        return recipe
    }
}
