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
    /// Whether it is a small model used in place of a real checkpoint.
    public let isStandIn: Bool
    /// The size of the pictures it was trained on, in pixels a side.
    public let nativeSize: Int

    let family: ModelFamily
    let backbone: any Backbone
    let vae: any Autoencoder
    let parametrization: Parametrization
    let controlNets: [String: ControlNet]
    /// The numbers that its products are computed in.
    let precision: ModelPrecision
    /// The kernel set and the units that compute them.
    let kernels: [String]
    /// Why `precision` is not what was asked for, if it is not.
    let precisionNote: String?
    private let text: any TextSide
    private let source: any ModelSource
    private let prompts = PromptCache()
    private let embeddings: AddedEmbeddings
    private let addOnNotes: [String]
    private let schedulerConfiguration: SchedulerConfiguration
    private let controlBytes: Int

    /// Loads a checkpoint: a folder in diffusers' layout, or a single safetensors file.
    ///
    /// - Parameters:
    ///   - tokenizers: where to look for the tokenizer of a checkpoint without one.
    ///   - addOns: what is added to it.
    ///   - kernels: which are the fastest here.
    /// - Throws: `CheckpointError` and `ModelError` for files that are missing, damaged or of
    ///   another shape, `EditingError.unknownFamily` for checkpoints of families not known here.
    public static func load(
        _ url: URL, tokenizers: TokenizerPlaces = TokenizerPlaces(), addOns: AddOns = AddOns(),
        kernels: FastestKernels = FastestKernels()
    ) throws -> Model {
        let applied = try addOns.applied(to: modelSource(url, supplied: addOns.supplied))
        let embeddings = try AddedEmbeddings(
            addOns, bundled: applied.embeddings, for: applied.source)
        let notes = [noteOnScheduler(of: applied.source), noteOnVAE(beside: url, addOns)]
        return try Model(
            applied.source, tokenizers, embeddings, addOns, kernels,
            notes: applied.notes + notes.compactMap(\.self))
    }

    private static func noteOnScheduler(of source: any ModelSource) -> String? {
        source.contains("scheduler")
            ? nil
            : "\(source.name) has no scheduler: it is taken to predict noise as Stable Diffusion 1.x "
                + "does"
    }

    /// AUTOMATIC1111 uses the VAE that has a checkpoint's name.
    private static func noteOnVAE(beside checkpoint: URL, _ addOns: AddOns) -> String? {
        let (path, ending) = (checkpoint.path(percentEncoded: false), ".safetensors")
        guard addOns.vae == nil, path.hasSuffix(ending) else { return nil }
        let vae = path.dropLast(ending.count) + ".vae" + ending
        guard FileManager.default.fileExists(atPath: String(vae)) else { return nil }
        let name = vae.split(separator: "/").last ?? ""
        return
            "\(name) is beside the checkpoint and is not used: give it with --vae if it belongs to it"
    }

    private init(
        _ source: any ModelSource, _ tokenizers: TokenizerPlaces, _ embeddings: AddedEmbeddings,
        _ addOns: AddOns, _ kernels: FastestKernels, notes: [String]
    ) throws {
        (self.embeddings, addOnNotes) = (embeddings, notes)
        family = try Self.family(of: source, unet: addOns.unet)
        self.source = source
        name = source.name
        familyName = family.name
        isStandIn = source.isStandIn
        text = try family.textSide(source, tokenizers, embeddings.usable)
        (precision, precisionNote) = addOns.precision.used(for: name, isStandIn: isStandIn)
        let arithmetic = Arithmetic(precision.tensors, kernels.choices)
        backbone = try family.backbone.network(of: source, computed: arithmetic)
        let configuration = backbone.configuration
        let controls = try addOns.controlNets.mapValues { try ControlNetSource($0, beside: source) }
        controlBytes = try controls.values.reduce(0) { try $0 + $1.weights().byteCount }
        self.controlNets = try controls.mapValues {
            try ControlNet($0, for: configuration, arithmetic: arithmetic)
        }
        vae = try family.autoencoder(source, arithmetic)
        try source.requireFitting(vae, configuration)
        for (name, network) in controlNets.sorted(by: { $0.key < $1.key })
        where network.configuration.factor != vae.factor {
            throw CheckpointError.unusableAddOn(
                path: controls[name]?.url.path(percentEncoded: false) ?? name,
                what: "reads \(network.configuration.factor) pixels a side for each latent, where "
                    + "the model has \(vae.factor)", hint: "give one for \(familyName)")
        }
        self.kernels = [KernelSet.current.name] + arithmetic.units
        // A canvas is painted in steps of half of it and joints of an eighth.
        nativeSize = max(backbone.configuration.nativeSide * vae.factor, 8)
        schedulerConfiguration = try source.schedulerConfiguration()
        parametrization = family.parametrization(schedulerConfiguration)
    }

    /// The family of a source; where it has none, a UNet from a place of its own is named, not the checkpoint.
    private static func family(of source: any ModelSource, unet: URL?) throws -> ModelFamily {
        do {
            return try ModelFamily(of: source)
        } catch EditingError.unknownFamily(let path, let reason) {
            guard let unet else { throw EditingError.unknownFamily(path: path, reason: reason) }
            throw CheckpointError.addOnOfAnotherFamily(
                path: unet.path(percentEncoded: false), family: nil,
                reason: reason.components(separatedBy: "; ")[0])
        }
    }

    /// Bytes of its weights in memory.
    func weightBytes() throws -> Int {
        try family.networks(in: source).reduce(controlBytes) {
            try $0 + source.weights($1).byteCount
        }
    }

    /// Remarks on what was added to it, for the user.
    ///
    /// - Throws: what is wrong with an embedding that was left out, where a prompt uses it.
    func addOnRemarks(_ recipe: Recipe) throws -> [String] {
        try addOnNotes + embeddings.remarks(on: recipe)
    }

    /// The name of the scheduler for a recipe, and a fresh one for its steps.
    ///
    /// - Parameter inpainting: diffusers corrects outdated configurations differently for inpainting.
    func scheduler(
        for recipe: Recipe, strength: Double?, inpainting: Bool
    ) throws -> (name: SchedulerName, scheduler: any Scheduler) {
        var configuration =
            family.correctsSchedulers
            ? schedulerConfiguration.correctedForStableDiffusion(inpainting: inpainting)
            : schedulerConfiguration
        configuration.isForXL = family.name.contains("XL")
        let name = try schedulerName(for: recipe)
        let scheduler = try makeScheduler(
            name, configuration: configuration, steps: recipe.steps, strength: strength,
            rule: recipe.stepRule, mode: recipe.strengthMode,
            sigmas: recipe.sigmas == .default ? nil : recipe.sigmas,
            timestepSpacing: recipe.timestepSpacing, eta: Float(recipe.eta))
        return (name, scheduler)
    }

    /// The scheduler that the model's configuration names; nil where Gesso has none of that name.
    var schedulerNameByDefault: SchedulerName? { try? schedulerConfiguration.scheduler }

    /// The recipe's scheduler, or the one that the model's configuration names.
    func schedulerName(for recipe: Recipe) throws -> SchedulerName {
        if let chosen = recipe.scheduler { return chosen }
        do {
            return try schedulerConfiguration.scheduler
        } catch is SamplingError {
            let name = schedulerConfiguration.className ?? "without a name"
            throw CheckpointError.unsupportedModel(
                path: source.url.path(percentEncoded: false),
                what: "made for a scheduler (\(name))",
                hint: "choose one with --scheduler")
        }
    }

    /// A prompt, encoded; kept for the next edit.
    func encoded(_ prompt: String, _ reading: PromptReading) throws -> EncodedPrompt {
        try prompts.encoded(prompt, reading, isNegative: false) {
            try text.encoded(prompt, reading)
        }
    }

    /// A negative prompt, which a family may treat in another way, encoded; kept, too.
    func encoded(negative prompt: String, _ reading: PromptReading) throws -> EncodedPrompt {
        try prompts.encoded(prompt, reading, isNegative: true) {
            try text.encoded(negative: prompt, reading)
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
    var latentColors: LatentColors { isStandIn ? .builtIn : family.latentColors }

    /// The safety checker that it ships; nil if there is none.
    func safetyCheck() throws -> SafetyCheck? {
        try SafetyCheck(source)
    }

    /// What the backbone's input shows besides the noisy latents.
    var kind: Conditioning.Kind { backbone.configuration.kind }

    /// Whether the backbone's input shows the mask and the rest of the picture.
    var isForInpainting: Bool { kind == .inpainting }

    /// Whether the backbone's input shows the whole picture, which the prompt changes.
    var followsInstructions: Bool { kind == .instruction }

    /// Whether the backbone has a guidance embedding, as latent consistency models do.
    var hasGuidanceEmbedding: Bool { backbone.configuration.hasGuidanceEmbedding }

    /// Rows of each call of the backbone: with guidance one more for the negative prompt, and one without
    /// the picture where it is shown one; and one for each prompt that `AND` joins, which always need
    /// the negative one.
    func branches(for recipe: Recipe) -> Int {
        let prompts = ScheduledPrompts(recipe, for: self)
        if prompts.isComposed { return prompts.weights.count + 1 }
        guard recipe.isGuided, !hasGuidanceEmbedding else { return 1 }
        return kind.branches
    }

    /// In what few steps it is made to run; nil where it is not.
    var distillation: Distillation? {
        Distillation(schedulerConfiguration, hasGuidanceEmbedding: hasGuidanceEmbedding)
    }

    var trainTimesteps: Int { schedulerConfiguration.trainTimesteps }
}

extension ModelSource {
    /// The last part of its path, or `org/name` in the Hugging Face cache.
    var name: String {
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
}

extension ModelFamily {
    /// The networks that a checkpoint of the family has, in the order of reports.
    func networks(in source: any ModelSource) -> [String] { networks.filter(source.contains) }
}

extension Conditioning.Kind {
    /// Rows of a guided call: with and without the prompt, and of instructions without the picture, too.
    var branches: Int { self == .instruction ? 3 : 2 }
}

extension ModelSource {
    /// - Throws: `CheckpointError.unsupportedModel` where the VAE's latents are not those of the backbone.
    func requireFitting(_ vae: any Autoencoder, _ backbone: any BackboneConfiguration) throws {
        guard vae.latentChannels != backbone.latentChannels else { return }
        throw CheckpointError.unsupportedModel(
            path: url.path(percentEncoded: false),
            what: "a model whose VAE makes latents of \(vae.latentChannels) channels, where its "
                + "UNet takes \(backbone.latentChannels)", hint: "give another with --vae")
    }

    /// The model's own, or Stable Diffusion's where it has none.
    func schedulerConfiguration() throws -> SchedulerConfiguration {
        guard contains("scheduler") else { return .stableDiffusion }
        let configuration: SchedulerConfiguration
        do {
            configuration = try SchedulerConfiguration(json: self.configuration("scheduler"))
        } catch SamplingError.configuration(let key, let found, let expected) {
            throw CheckpointError.malformed(
                path: url.path(percentEncoded: false), format: "scheduler configuration",
                reason: "\"\(key)\" is \(found); expected \(expected)")
        }
        // What their UNets predict means something else, whatever scheduler is chosen.
        let others = ["EDM", "FlowMatch"]
        if let name = configuration.className, others.contains(where: name.hasPrefix) {
            throw CheckpointError.unsupportedModel(
                path: url.path(percentEncoded: false),
                what: "a model trained for another process (\(name))")
        }
        return configuration
    }
}
