import Imaging
import Models
import Recipes
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

    /// Carries out an edit.
    ///
    /// All noise comes from the edit's seed, in diffusers' order:
    /// the sample of the picture's latents, the noise of the start, with a mask the sample of the
    /// masked picture's latents (which a four-channel model has no use for), the noise of the steps.
    /// A nine-channel model that begins with nothing but noise has no use for the first. Each pass has
    /// the seed after that of the one before.
    ///
    /// - Parameters:
    ///   - preview: is shown pictures of what is under way.
    ///   - isEnough: asked after each step; where it is true, the denoising ends, and the picture is
    ///     made of the estimate of that step.
    ///   - begun: called once, when all is checked and the work begins; what it throws ends the edit.
    ///   - progress: called between any two pieces of work; what it throws ends the edit.
    /// - Throws: `EditingError`, `SamplingError`, and what `progress` throws.
    public func callAsFunction(
        _ edit: Edit, preview: Preview? = nil, isEnough: @escaping () -> Bool = { false },
        begun: (EditPlan) throws -> Void = { _ in },
        progress: @escaping (Progress) throws -> Void = { _ in }
    ) throws -> EditResult {
        var log = EditLog(progress, preview, isEnough: isEnough)
        let outline = try outline(of: edit)
        let recipe = outline.recipe
        if edit.isIdentity, let original = try edit.begun(progress: progress).original {
            return log.result(original, of: edit, by: outline, seams: nil)
        }
        try outline.memory.check()
        let safety = recipe.safety == .on ? try model.safetyCheck() : nil
        log.passSteps = outline.runs.map(\.levels.count)
        try begun(plan(edit, as: outline))
        log.note(try model.addOnRemarks(edit.recipe) + outline.remarks(on: edit))
        // Parts of a large picture are filled at the size they are worked on at.
        var canvas = try LayeredCanvas(
            outline.isScaled ? edit : edit.begun(progress: progress))
        for (index, pass) in outline.passes.enumerated() {
            let own = recipe.ofPass(
                index, prompt: pass.prompt, refines: pass.detailStrength != nil)
            canvas.lay(try paint(canvas.part(pass), own, &log), pass)
        }
        guard var result = canvas.result else { throw EditingError.notFinite(stage: "edit") }
        if let mask = edit.mask, let photo = edit.original, edit.recipe.detail != .off,
            outline.passes.contains(where: \.isScaled)
        {
            result = result.withGrain(of: photo, within: mask, seed: edit.seed)
        }
        let picture = try finished(result, edit, safety)
        var finished = log.result(picture, of: edit, by: outline, seams: canvas.seams)
        if case .text = Watermark(recipe.watermark) { finished.isWatermarked = true }
        return finished
    }
}
