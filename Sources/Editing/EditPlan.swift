import Imaging
public import Recipes
import Sampling

/// What an edit would do and need, known before it is done.
public struct EditPlan: Sendable, Equatable {
    /// Name of the model.
    public let model: String
    /// The scheduler that would run; nil when nothing would.
    public let scheduler: String?
    /// How many times the UNet would run.
    public let evaluations: Int
    /// Branches of each of these runs: 2 with guidance, 3 where the picture guides, too.
    public let branches: Int
    /// Size of the result in pixels.
    public let width: Int
    /// Size of the result in pixels.
    public let height: Int
    /// Size the model would work at.
    public let paddedWidth: Int
    /// Size the model would work at.
    public let paddedHeight: Int
    /// Whether the autoencoder would work in tiles.
    public let isTiled: Bool
    /// Share of the pixels that could change, in 0...1.
    public let repaintedFraction: Double
    /// Bytes of the model's weights.
    public let weightBytes: Int
    /// Bytes of the work at its widest point.
    public let workBytes: Int
    /// Bytes that are free for it; nil where the system does not say.
    public let availableBytes: Int?
}

extension Editor {
    /// What an edit would do and need.
    ///
    /// - Throws: `SamplingError` for what could not be run, and `EditingError.memory` where there is too
    ///   little memory.
    public func plan(_ edit: Edit, recipe: Recipe) throws -> EditPlan {
        let latents = try latents(for: edit, recipe, seed: 0)
        let memory = MemoryPlan(model, recipe, latents)
        let run =
            edit.isIdentity
            ? nil
            : try model.scheduler(
                for: recipe, strength: edit.strength, inpainting: edit.region != nil)
        if run != nil { try memory.check() }
        return EditPlan(
            model: model.name, scheduler: run?.name.rawValue,
            evaluations: run?.scheduler.levels.count ?? 0,
            branches: model.branches(recipe), width: edit.width, height: edit.height,
            paddedWidth: latents.paddedWidth, paddedHeight: latents.paddedHeight,
            isTiled: latents.isTiled, repaintedFraction: edit.repaintedFraction,
            weightBytes: try model.weightBytes(),
            workBytes: run == nil ? 0 : memory.work, availableBytes: availableMemory())
    }
}
