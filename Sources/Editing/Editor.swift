import Imaging
import Models
public import Recipes
import Sampling
import Tensors

/// THE path of an edit: whatever the verb, a picture goes this way.
///
/// Prompts become conditioning; the picture becomes latents, is noised, denoised, becomes a picture
/// again and is laid over the original: once for an edit that is done at once, or in several passes.
public struct Editor: Sendable {
    let model: Model

    /// An editor that works with `model`.
    public init(_ model: Model) {
        self.model = model
    }

    /// Uses that many threads, 1 or more, in the whole process. No result depends on their number.
    public static func useThreads(_ count: Int) {
        Threads.use(count)
    }

    /// Carries out an edit.
    ///
    /// All noise comes from the recipe's seed, which is drawn if there is none, in diffusers' order:
    /// the sample of the picture's latents, the noise of the start, with a mask the sample of the
    /// masked picture's latents (which a four-channel model has no use for), the noise of the steps.
    /// A nine-channel model that begins with nothing but noise has no use for the first. Each pass has
    /// the seed after that of the one before.
    ///
    /// - Parameters:
    ///   - preview: is shown pictures of what is under way.
    ///   - progress: called between any two pieces of work; what it throws ends the edit.
    /// - Throws: `EditingError`, `SamplingError`, and what `progress` throws.
    public func callAsFunction(
        _ edit: Edit, recipe: Recipe, preview: Preview? = nil,
        progress: @escaping (Progress) throws -> Void = { _ in }
    ) throws -> EditResult {
        let recipe = recipe.drawingSeed()
        var log = EditLog(progress, preview)
        let outline = try outline(of: edit, recipe)
        if edit.isIdentity, let original = edit.original {
            return log.result(original, of: edit, by: outline, seed: recipe.seed ?? 0, seams: nil)
        }
        try outline.memory.check()
        let safety = recipe.safety == .on ? try model.safetyCheck() : nil
        log.total = outline.evaluations
        log.note(try model.addOnRemarks(recipe) + outline.remarks(on: edit, recipe))
        var work = Workpiece(edit, recipe)
        for (index, pass) in outline.passes.enumerated() {
            var own = recipe
            own.seed = recipe.seed.map { $0 &+ UInt64(index) }
            own.prompt = pass.prompt ?? recipe.prompt
            work.lay(try paint(work.part(pass), own, &log), pass)
        }
        guard let result = work.result else { throw EditingError.notFinite(stage: "edit") }
        let picture = try finished(result, edit, recipe, safety)
        var finished = log.result(
            picture, of: edit, by: outline, seed: recipe.seed ?? 0, seams: work.seams)
        finished.isWatermarked = !recipe.watermark.isEmpty
        return finished
    }
}
