public import Tensors

/// The denoising loop.
/// - Parameters:
///   - x: the start, from `Scheduler.start`.
///   - scheduler: makes the steps; schedulers with a memory serve one run.
///   - denoiser: is asked once for each level.
///   - noise: draws normal noise of the shape of `x`, for schedulers that add noise.
///   - afterStep: gets the latents after each step, in the scheduler's own space, and answers with
///     those to go on with.
///   - isEnough: asked after each estimate; where it is true, that estimate is the result.
/// - Returns: the clean latents.
/// - Throws: what the closures throw, which cancels; `SamplingError.notFinite`.
public func denoise(
    _ x: Tensor, scheduler: inout any Scheduler, denoiser: some Denoiser,
    noise: (NoiseRequest) throws -> Tensor,
    afterStep: (_ x: Tensor, _ index: Int) throws -> Tensor = { x, _ in x },
    isEnough: () -> Bool = { false }
) throws -> Tensor {
    var x = x
    for (index, level) in scheduler.levels.enumerated() {
        let denoised = try denoiser(scheduler.trajectory.denoiserInput(x, at: index), at: level)
        if isEnough() { return try afterStep(denoised, scheduler.levels.count - 1) }
        x = try scheduler.step(x, denoised: denoised, at: index, noise: noise)
        guard !x.hasNonFiniteValues else {
            throw SamplingError.notFinite(step: index + 1, of: scheduler.levels.count)
        }
        x = try afterStep(x, index)
    }
    return x
}
