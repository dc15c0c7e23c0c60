import Checkpoints
public import Foundation
import Imaging
import Models
import Recipes
import Sampling

/// What a checkpoint is and holds.
public struct ModelInspection: Sendable {
    /// Name of its family.
    public let family: String
    /// Its layout, in words.
    public let layout: String
    /// The size of the pictures it was trained on, in pixels a side.
    public let nativeSize: Int
    /// Pixels a latent stands for, each way.
    public let pixelsPerLatent: Int
    /// Class of its scheduler, if it names one.
    public let scheduler: String?
    /// What the UNet predicts: `epsilon`, `v` or `sample`.
    public let prediction: String
    /// How that is known.
    public let predictionReason: String
    /// Channels that go into the UNet.
    public let channels: Int
    /// In what few steps it is made to run; nil where it is not.
    public let distillation: String?
    /// Its networks.
    public let components: [Component]
    /// Names of tensors that belong to none of them, sorted.
    public let outside: [String]
    /// Whether it is a small model that stands in for a real checkpoint.
    public let isStandIn: Bool
    /// The size that memory is told for.
    public let width: Int
    /// The size that memory is told for.
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
        switch channels {
        case 9: "inpainting and outpainting only, 9 channels"
        case 8: "instructions only, 8 channels"
        default: nil
        }
    }

    /// Builds the networks one after another, without stopping at what is amiss.
    ///
    /// - Parameter size: that memory is told for; nil is the model's own.
    /// - Throws: `CheckpointError`, `ModelError` and `EditingError.unknownFamily`.
    public init(_ url: URL, size: (width: Int, height: Int)? = nil) throws {
        let source = try modelSource(url)
        family = try source.family().name
        layout = source.layout
        let configuration = try source.schedulerConfiguration()
        scheduler = configuration.className
        prediction = configuration.predictionType.rawValue.replacing("_prediction", with: "")
        predictionReason = source.predictionReason
        isStandIn = source.isStandIn
        let unet = try UNet2DCondition.Configuration(json: source.configuration("unet"))
        let surveyed = try SurveyedModel(source, source.networks)
        let vae = try autoencoder(surveyed)
        distillation = Distillation(configuration, unet)?.description
        channels = unet.inChannels
        pixelsPerLatent = vae.factor
        nativeSize = unet.sampleSize * vae.factor
        (width, height) = size ?? (nativeSize, nativeSize)
        components = try source.networks.map { try Self.component($0, surveyed) }
        outside = (source as? SingleFile)?.foreignNames ?? []
        weightBytes = try source.networks.reduce(0) { try $0 + source.weights($1).byteCount }
        workBytes =
            MemoryPlan(
                unet, vae, width: width.rounded(upToMultipleOf: vae.factor),
                height: height.rounded(upToMultipleOf: vae.factor), canvas: width * height,
                isTiled: VAETiling.auto.tiles(width: width, height: height),
                branches: unet.inChannels == 8 ? 3 : 2
            ).work
    }

    /// What building a network notes; the VAE is built by now.
    private static func component(
        _ name: String, _ model: SurveyedModel
    ) throws -> Component {
        switch name {
        case "unet": _ = try UNet2DCondition(model)
        case "vae": break
        default: _ = try CLIPTextEncoder(model, component: name)
        }
        return Component(name, try model.weights(name))
    }
}

extension Int {
    fileprivate func rounded(upToMultipleOf factor: Int) -> Int {
        (self + factor - 1) / factor * factor
    }
}
