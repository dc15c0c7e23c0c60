import Models
import Sampling
import Tensors

/// What a run keeps that computes the areas near the mask alone in some calls of the backbone.
///
/// Where the branch without a prompt is left out, what the prompt changes in the network's answer goes on changing as it
/// did between the last two calls of both.
final class ReuseRun {
    let reuse: Reuse
    private let schedule: ReuseSchedule
    private let levels: [NoiseLevel]
    private let known: KnownRegion?
    private var evaluation = ReuseSchedule.Evaluation()
    private var isAhead = false
    /// What the prompt changed in the answers of the last two calls with both branches.
    private var differences: [(timestep: Float, difference: Tensor)] = []

    /// - Parameters:
    ///   - levels: of the run's evaluations.
    ///   - known: the latents that are put back; nil where none are.
    init(
        _ areas: Areas, _ schedule: ReuseSchedule, _ levels: [NoiseLevel], known: KnownRegion?
    ) {
        (self.schedule, self.levels, self.known) = (schedule, levels, known)
        reuse = Reuse(areas: areas)
    }

    /// The estimate of an evaluation, followed by the whole call that is made ahead.
    ///
    /// - Parameters:
    ///   - index: of the evaluation, counted from 0.
    ///   - estimate: the clean estimate of latents at a level, which are those of an evaluation.
    func estimate(
        _ x: Tensor, at level: NoiseLevel, of index: Int,
        by estimate: (Tensor, NoiseLevel, Int) throws -> Tensor
    ) throws -> Tensor {
        evaluation = schedule.evaluations[index]
        if evaluation.isWhole {
            reuse.startOver()
            differences = []
        }
        (isAhead, reuse.isPartial) = (false, !evaluation.isWhole)
        let clean = reuse.completed(estimate: try estimate(x, level, index))
        guard let next = evaluation.ahead else { return clean }
        let target = levels[next]
        // What is put back has no other noise then.
        let held = known?.held(clean) ?? clean
        let ahead = held + (x - held) * (target.sigma / level.sigma)
        (isAhead, reuse.isPartial) = (true, false)
        _ = reuse.completed(estimate: try estimate(ahead, target, next))
        return clean
    }

    /// Whether the call under way is asked for the row of the prompt alone.
    var isOfPromptAlone: Bool { evaluation.isOfPromptAlone && !isAhead }

    /// Keeps what the prompt changed in the answer of a call with both branches, [N,H,W,C].
    func keep(difference: Tensor, at timestep: Float) {
        guard !isAhead else { return }
        if differences.last?.timestep == timestep { differences.removeLast() }
        differences = differences.suffix(1) + [(timestep, difference)]
    }

    /// What the prompt changes in the answer of a call that left a branch out.
    func difference(at timestep: Float) -> Tensor {
        guard let last = differences.last else { preconditionFailure("no call had both branches") }
        guard differences.count > 1 else { return last.difference }
        let earlier = differences[0]
        return last.difference.extrapolated(
            from: earlier.difference,
            by: (timestep - last.timestep) / (last.timestep - earlier.timestep))
    }
}
