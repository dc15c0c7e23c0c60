import Files
public import Imaging
import Recipes
import Sampling

/// What an edit would do and need, known before it is done.
public struct EditPlan: Sendable, Equatable, Encodable {
    /// Name of the model.
    public let model: String
    /// The numbers that its products would be computed in: `exact`, `bf16` or `int8`.
    public let precision: String
    /// The kernel set, and the units that would compute such numbers.
    public let kernels: [String]
    /// The scheduler that would run; nil when nothing would.
    public let scheduler: String?
    /// How many times the UNet would run.
    public let evaluations: Int
    /// Branches of each of these runs: 2 with guidance, 3 where the picture guides, too.
    public let branches: Int
    /// Calls of the UNet for a part of the latents alone (`reuse`); nil where there are none.
    public let reuse: Reuse?
    /// Size of the result in pixels.
    public let width: Int
    /// Size of the result in pixels.
    public let height: Int
    /// Size the model would work at, of the largest pass.
    public let paddedWidth: Int
    /// Size the model would work at, of the largest pass.
    public let paddedHeight: Int
    /// Whether the autoencoder would work in tiles.
    public let isTiled: Bool
    /// Share of the pixels that could change, in 0...1.
    public let repaintedFraction: Double
    /// What would be worked on at once, in order.
    public let passes: [PassReport]
    /// Bytes of the model's weights.
    public let weightBytes: Int
    /// Bytes of the work at its widest point.
    public let workBytes: Int
    /// Bytes that are free for it; nil where the system does not say.
    public let availableBytes: Int?
    /// The seconds it would take; nil where the model's speed is not known.
    public let seconds: EstimatedSeconds?
    /// Whether the model is a small one that stands in for a real checkpoint.
    public let isStandIn: Bool
    /// The seed that would be used.
    public let seed: UInt64
    /// Remarks on settings: what the model brings, and what has no effect.
    public let notes: [String]

    /// How far calls of the UNet are spared by what earlier ones left.
    public struct Reuse: Sendable, Equatable, Encodable {
        /// How many of the calls compute a part of the latents alone.
        public let evaluations: Int
        /// The share of the latents that they compute, in 0...1.
        public let share: Double
        /// How many calls are made ahead for all of the latents, beside the evaluations.
        public let ahead: Int
    }

    /// All that describes the work; the remarks are no part of the document.
    private enum CodingKeys: String, CodingKey {
        case model, precision, kernels, scheduler, evaluations, branches, reuse, width, height,
            paddedWidth, paddedHeight
        case isTiled = "vaeTiling"
        case repaintedFraction, passes, weightBytes, workBytes, availableBytes, seconds
    }
}

extension Editor {
    /// What an edit would do and need.
    ///
    /// - Parameter speed: the model's, for an estimate of the time.
    /// - Throws: `SamplingError` for what could not be run, and `EditingError.memory` where there is too
    ///   little memory.
    public func plan(
        _ edit: Edit, speed: ModelSpeed? = nil
    ) throws -> EditPlan {
        let outline = try outline(of: edit)
        if outline.scheduler != nil { try outline.memory.check() }
        return try plan(edit, as: outline, speed: speed)
    }

    /// An outline as a plan.
    func plan(
        _ edit: Edit, as outline: Outline, speed: ModelSpeed? = nil
    ) throws -> EditPlan {
        let recipe = outline.recipe.recipe
        return EditPlan(
            model: model.name, precision: outline.precision.rawValue, kernels: outline.kernels,
            scheduler: outline.scheduler?.rawValue,
            evaluations: outline.evaluations,
            branches: model.branches(for: recipe), reuse: outline.reuse(model), width: edit.width,
            height: edit.height,
            paddedWidth: outline.largest.paddedWidth, paddedHeight: outline.largest.paddedHeight,
            isTiled: outline.largest.isTiled, repaintedFraction: edit.repaintedFraction,
            passes: outline.reported, weightBytes: try model.weightBytes(),
            workBytes: outline.scheduler == nil ? 0 : outline.memory.work,
            availableBytes: availableMemory(),
            seconds: speed.map { seconds(of: outline, edit, at: $0) },
            isStandIn: model.isStandIn, seed: outline.recipe.seed, notes: outline.notes)
    }
}

extension EditPlan {
    /// An edit that is filled only, without a model.
    ///
    /// - Parameter format: of the file that the result becomes, for the memory; nil where that is not known yet.
    public init(filling edit: Edit, writing format: ImageFormat? = nil) {
        (model, scheduler, evaluations, branches, reuse) = ("none", nil, 0, 0, nil)
        (precision, kernels) = (ModelPrecision.exact.rawValue, [])
        (width, height, paddedWidth, paddedHeight) = (
            edit.width, edit.height, edit.width, edit.height
        )
        (isTiled, repaintedFraction, passes) = (false, edit.repaintedFraction, [])
        (weightBytes, workBytes, availableBytes) = (
            0, edit.fillMemory(writing: format).work, availableMemory()
        )
        seconds = nil
        (isStandIn, seed) = (false, edit.seed)
        notes = edit.recipe.idleSettings(of: edit.verb)
    }
}
