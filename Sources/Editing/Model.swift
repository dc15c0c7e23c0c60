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
    let vae: AutoencoderKL
    private let source: any ModelSource
    private let conditionings = ConditioningCache()
    private let schedulerConfiguration: SchedulerConfiguration

    /// Loads a checkpoint: a folder in diffusers' layout, or a single safetensors file.
    ///
    /// - Parameters:
    ///   - tokenizers: where to look for the tokenizer of a checkpoint without one.
    ///   - inpainting: makes a checkpoint of four channels one for inpainting.
    /// - Throws: `CheckpointError` and `ModelError` for files that are missing, damaged or of
    ///   another shape, `EditingError.unknownFamily` for checkpoints of families not known here.
    public static func load(
        _ url: URL, tokenizers: TokenizerPlaces = TokenizerPlaces(),
        inpainting: InpaintingParts? = nil
    ) throws -> Model {
        let source = try modelSource(url)
        return try Model(inpainting?.added(to: source) ?? source, tokenizers)
    }

    private init(_ source: any ModelSource, _ tokenizers: TokenizerPlaces) throws {
        let familyType = try source.family()
        self.source = source
        name = source.name
        familyName = familyType.name
        isStandIn = source.isStandIn
        family = try familyType.init(source, tokenizers)
        unet = try UNet2DCondition(source)
        vae = try AutoencoderKL(source)
        nativeSize = unet.configuration.sampleSize * vae.factor
        schedulerConfiguration = try source.schedulerConfiguration()
    }

    /// Bytes of its weights in memory.
    func weightBytes() throws -> Int {
        try ["text_encoder", "unet", "vae"].reduce(0) { try $0 + source.weights($1).byteCount }
    }

    /// The name of the scheduler a recipe gets, and a fresh one for its steps.
    ///
    /// - Parameter inpainting: diffusers mends outdated configurations differently for inpainting.
    func scheduler(
        for recipe: Recipe, strength: Double?, inpainting: Bool
    ) throws -> (name: SchedulerName, scheduler: any Scheduler) {
        let configuration = schedulerConfiguration.correctedForStableDiffusion(
            inpainting: inpainting)
        let name = try recipe.scheduler ?? configuration.scheduler
        if recipe.eta != 0, name != .ddim {
            throw SamplingError.unsupported(
                scheduler: name, setting: "eta", advice: "use ddim, or leave eta at 0")
        }
        if recipe.timestepSpacing != nil, name == .lcm {
            throw SamplingError.unsupported(
                scheduler: name, setting: "timestep_spacing",
                advice: "leave it out: lcm has its own")
        }
        let scheduler = try makeScheduler(
            name, configuration: configuration, steps: recipe.steps, strength: strength,
            rule: recipe.stepRule, sigmas: recipe.sigmas == .default ? nil : recipe.sigmas,
            timestepSpacing: recipe.timestepSpacing, eta: Float(recipe.eta))
        return (name, scheduler)
    }

    /// What the UNet hears of a prompt; kept for the next edit.
    func conditioning(for prompt: String) throws -> Conditioning {
        try conditionings.conditioning(for: prompt) { try family.conditioning(for: prompt) }
    }

    /// Whether the UNet is shown the mask and the rest of the picture beside the noisy latents.
    var isForInpainting: Bool { unet.configuration.inChannels == 9 }

    /// Whether the UNet is shown the whole picture, and told what to do with it.
    var followsInstructions: Bool { unet.configuration.inChannels == 8 }

    /// How many answers of the UNet make a step: with guidance one more without the prompt, and one
    /// without the picture where it is shown one.
    func branches(_ recipe: Recipe) -> Int {
        recipe.guidanceScale > 1 ? (followsInstructions ? 3 : 2) : 1
    }

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
        [StableDiffusion1.self, StableDiffusion2.self]
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
