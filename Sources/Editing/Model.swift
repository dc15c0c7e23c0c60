import Checkpoints
public import Foundation
import Models
import Recipes
import Sampling
import Tensors

/// A checkpoint, loaded and ready to edit with. Loading checks every name, shape and number in it.
public struct Model: Sendable {
    /// The folder's name.
    public let name: String
    /// Name of the family it belongs to.
    public let familyName: String
    /// Whether it is a small model that stands in for a real checkpoint.
    public let isStandIn: Bool
    /// The size of the pictures it was trained on, in pixels a side.
    public let nativeSize: Int

    let family: any ModelFamily
    let unet: UNet2DCondition
    let vae: any Autoencoder
    private let source: any ModelSource
    private let conditionings = ConditioningCache()
    private let mendsSchedulers: Bool
    private let schedulerConfiguration: SchedulerConfiguration

    /// Loads a checkpoint: a folder in diffusers' layout, or a single safetensors file.
    ///
    /// - Parameters:
    ///   - tokenizers: where to look for the tokenizer of a checkpoint without one.
    ///   - addOns: what is added to it.
    /// - Throws: `CheckpointError` and `ModelError` for files that are missing, damaged or of
    ///   another shape, `EditingError.unknownFamily` for checkpoints of families not known here.
    public static func load(
        _ url: URL, tokenizers: TokenizerPlaces = TokenizerPlaces(), addOns: AddOns = AddOns()
    ) throws -> Model {
        try Model(
            addOns.applied(to: modelSource(url)), tokenizers,
            addOns.embeddings.map { try TextualInversion($0) })
    }

    private init(
        _ source: any ModelSource, _ tokenizers: TokenizerPlaces, _ embeddings: [TextualInversion]
    ) throws {
        let familyType = try source.family()
        self.source = source
        name = source.name
        familyName = familyType.name
        mendsSchedulers = familyType.mendsSchedulers
        isStandIn = source.isStandIn
        family = try familyType.init(source, tokenizers, embeddings)
        unet = try UNet2DCondition(source)
        vae = try autoencoder(source)
        nativeSize = unet.configuration.sampleSize * vae.factor
        schedulerConfiguration = try source.schedulerConfiguration()
    }

    /// Bytes of its weights in memory.
    func weightBytes() throws -> Int {
        try source.networks.reduce(0) { try $0 + source.weights($1).byteCount }
    }

    /// The name of the scheduler a recipe gets, and a fresh one for its steps.
    ///
    /// - Parameter inpainting: diffusers mends outdated configurations differently for inpainting.
    func scheduler(
        for recipe: Recipe, strength: Double?, inpainting: Bool
    ) throws -> (name: SchedulerName, scheduler: any Scheduler) {
        let configuration =
            mendsSchedulers
            ? schedulerConfiguration.correctedForStableDiffusion(inpainting: inpainting)
            : schedulerConfiguration
        let name = try recipe.scheduler ?? configuration.scheduler
        let scheduler = try makeScheduler(
            name, configuration: configuration, steps: recipe.steps, strength: strength,
            rule: recipe.stepRule, mode: recipe.strengthMode,
            sigmas: recipe.sigmas == .default ? nil : recipe.sigmas,
            timestepSpacing: recipe.timestepSpacing, eta: Float(recipe.eta))
        return (name, scheduler)
    }

    /// What the UNet hears of a prompt; kept for the next edit.
    func conditioning(for prompt: String, _ reading: PromptReading) throws -> Conditioning {
        try conditionings.conditioning(for: "+" + prompt, reading) {
            try family.conditioning(for: prompt, reading)
        }
    }

    /// What it hears of a negative prompt, which a family may treat in another way; kept, too.
    func conditioning(away prompt: String, _ reading: PromptReading) throws -> Conditioning {
        try conditionings.conditioning(for: "-" + prompt, reading) {
            try family.conditioning(away: prompt, reading)
        }
    }

    /// An autoencoder from a place of its own, TAESD too, for this model's latents.
    func looseAutoencoder(at url: URL) throws -> any Autoencoder {
        let loose = try autoencoder(LooseComponent(url, as: "vae", beside: source))
        guard loose.latentChannels == vae.latentChannels, loose.factor == vae.factor else {
            throw CheckpointError.unusableAddOn(
                path: url.path(percentEncoded: false), what: "is made for other latents",
                hint: "give one for \(familyName)")
        }
        return loose
    }

    /// The colours of its latents, about.
    var latentColors: LatentColors { isStandIn ? .builtIn : type(of: family).latentColors }

    /// The safety checker that it ships; nil if there is none.
    func safetyCheck() throws -> SafetyCheck? {
        try SafetyCheck(source)
    }

    /// Whether the UNet is shown the mask and the rest of the picture beside the noisy latents.
    var isForInpainting: Bool { unet.configuration.inChannels == 9 }

    /// Whether the UNet is told the guidance scale, as latent consistency models are.
    var isToldGuidance: Bool { unet.configuration.guidanceChannels != nil }

    /// Whether the UNet is shown the whole picture, and told what to do with it.
    var followsInstructions: Bool { unet.configuration.inChannels == 8 }

    /// Rows of each call of the UNet: with guidance one more for the negative prompt, and one without
    /// the picture where it is shown one.
    func branches(for recipe: Recipe) -> Int {
        guard recipe.guidanceScale > 1, !isToldGuidance else { return 1 }
        return followsInstructions ? 3 : 2
    }

    /// In what few steps it is made to run; nil where it is not.
    var distillation: Distillation? { Distillation(schedulerConfiguration, unet.configuration) }

    var predictionType: PredictionType { schedulerConfiguration.predictionType }
    var trainTimesteps: Int { schedulerConfiguration.trainTimesteps }
}

extension ModelSource {
    /// The last part of its path, or `org/name` in the Hugging Face cache.
    fileprivate var name: String {
        let url = url.standardizedFileURL
        let parents = url.pathComponents.dropLast().suffix(2)
        if let repository = parents.first, repository.hasPrefix("models--"),
            parents.last == "snapshots"
        {
            return String(repository.dropFirst("models--".count)).replacing("--", with: "/")
        }
        let last = url.lastPathComponent
        return last.hasSuffix(".safetensors") ? String(last.dropLast(12)) : last
    }

    private static var families: [any ModelFamily.Type] {
        [StableDiffusion1.self, StableDiffusion2.self, StableDiffusionXL.self]
    }

    /// The components that are networks, in the order they are told of.
    var networks: [String] {
        ["text_encoder", "text_encoder_2", "unet", "vae"].filter(contains)
    }

    func family() throws -> any ModelFamily.Type {
        var objections: [String] = []
        for family in Self.families {
            guard let objection = try family.objection(to: self) else { return family }
            if !objections.contains(objection) { objections.append(objection) }
        }
        throw EditingError.unknownFamily(
            path: url.path(percentEncoded: false), reason: objections.joined(separator: "; "))
    }

    /// The model's own, or Stable Diffusion's where it has none.
    func schedulerConfiguration() throws -> SchedulerConfiguration {
        guard contains("scheduler") else { return .stableDiffusion }
        return try SchedulerConfiguration(json: configuration("scheduler"))
    }
}
