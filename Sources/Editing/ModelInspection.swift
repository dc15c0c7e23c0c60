import Checkpoints
public import Foundation
import Imaging
import Models
import Recipes
import Sampling
import Tensors

/// What a checkpoint is and holds.
public struct ModelInspection: Sendable {
    /// Name of its family.
    public let family: String
    /// Its layout, in words.
    public let layout: String
    /// The size of the pictures it was trained on, in pixels a side.
    public let nativeSize: Int
    /// Pixels per latent, each way.
    public let pixelsPerLatent: Int
    /// Class of its scheduler, if it names one.
    public let scheduler: String?
    /// What the UNet predicts: `epsilon`, `v` or `sample`.
    public let prediction: String
    /// How the prediction type was detected.
    public let predictionReason: String
    /// Channels that go into the UNet.
    public let channels: Int
    private let kind: Conditioning.Kind
    /// In what few steps it is made to run; nil where it is not.
    public let distillation: String?
    /// Its networks.
    public let components: [Component]
    /// Names of tensors that belong to none of them, sorted.
    public let outside: [String]
    /// Whether it is a small model used in place of a real checkpoint.
    public let isStandIn: Bool
    /// The size that the memory is estimated for.
    public let width: Int
    /// The size that the memory is estimated for.
    public let height: Int
    /// Bytes of its weights in memory.
    public let weightBytes: Int
    /// Bytes of the work on a picture of that size with guidance, at its widest point.
    public let workBytes: Int

    /// One network. Names are diffusers', full and sorted.
    public struct Component: Sendable {
        /// As diffusers calls it.
        public let name: String
        /// How many tensors it has.
        public let tensors: Int
        /// How many numbers there are of each data type.
        public let parameters: [String: Int]
        /// Tensors that the network needs and there are not.
        public let missing: [String]
        /// Tensors of another shape than the network needs.
        public let misshapen: [String]
        /// Tensors of a type that is not computed with.
        public let unsupported: [String]
        /// Tensors that hold NaN or infinity.
        public let nonFinite: [String]
        /// Tensors that the network has no place for.
        public let leftOver: [String]

        init(_ name: String, _ weights: Weights) {
            self.name = name
            tensors = weights.count
            parameters = weights.parameterCounts
            let flaws = weights.flaws
            (missing, misshapen) = (flaws.missing, flaws.misshapen)
            (unsupported, nonFinite) = (flaws.unsupported, flaws.nonFinite)
            leftOver = weights.unusedNames
        }

        /// Whether it can be used.
        public var isWhole: Bool {
            [missing, misshapen, unsupported, nonFinite, leftOver].allSatisfy(\.isEmpty)
        }
    }

    /// What verbs it is made for, where that is not every one but `instruct`.
    public var purpose: String? {
        switch kind {
        case .inpainting: "inpainting and outpainting only, \(channels) channels"
        case .instruction: "instructions only, \(channels) channels"
        case .plain: nil
        }
    }

    /// Builds the networks one after another and records their defects.
    ///
    /// - Parameter size: what the memory is estimated for; nil is the model's own.
    /// - Throws: `CheckpointError`, `ModelError` and `EditingError.unknownFamily`.
    public init(_ url: URL, size: (width: Int, height: Int)? = nil) throws {
        let source = try modelSource(url)
        let family = try ModelFamily(of: source)
        self.family = family.name
        layout = source.layout
        let configuration = try source.schedulerConfiguration()
        scheduler = configuration.className
        prediction = configuration.predictionType.rawValue.replacing("_prediction", with: "")
        predictionReason = source.predictionReason
        isStandIn = source.isStandIn
        let backbone = try family.backbone.configuration(of: source)
        let networks = family.networks(in: source)
        let surveyed = try SurveyedModel(source, networks)
        let vae = try family.autoencoder(surveyed, .exact)
        try source.requireFitting(vae, backbone)
        _ = try family.backbone.network(of: surveyed)
        for encoder in family.textEncoders {
            _ = try CLIPTextEncoder(surveyed, component: encoder)
        }
        distillation =
            Distillation(configuration, hasGuidanceEmbedding: backbone.hasGuidanceEmbedding)?
            .description
        (channels, kind) = (backbone.inputChannels, backbone.kind)
        pixelsPerLatent = vae.factor
        nativeSize = backbone.nativeSide * vae.factor
        (width, height) = size ?? (nativeSize, nativeSize)
        components = try networks.map { Component($0, try surveyed.weights($0)) }
        outside = (source as? SingleFile)?.foreignNames ?? []
        weightBytes = try networks.reduce(0) { try $0 + source.weights($1).byteCount }
        workBytes =
            MemoryPlan(
                backbone, vae, width: width.rounded(upToMultipleOf: vae.factor),
                height: height.rounded(upToMultipleOf: vae.factor), canvas: width * height,
                isTiled: VAETiling.auto.tiles(width: width, height: height),
                branches: backbone.kind.branches
            ).work
    }
}

extension Int {
    fileprivate func rounded(upToMultipleOf factor: Int) -> Int {
        (self + factor - 1) / factor * factor
    }
}
