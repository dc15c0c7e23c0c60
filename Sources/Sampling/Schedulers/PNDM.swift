import Tensors

extension SchedulerName {
    /// Pseudo numerical methods, also called PLMS.
    public static let pndm = SchedulerName(PNDM.traits)
}

/// Pseudo numerical methods on manifolds (Liu, Ren, Lin & Zhao 2022): the model's outputs at past
/// timesteps are combined as Adams & Bashforth do, then carried over the step by equation 11.
///
/// Without Runge-Kutta steps (Crowson 2022) the second timestep comes twice: the first step is taken
/// back and repeated with the mean of both its ends. With them the first three steps take four
/// evaluations each.
struct PNDM: Scheduler {
    static let traits = SchedulerTraits(
        "pndm", diffusers: "PNDMScheduler", a1111: "PLMS", settings: [.timestepSpacing],
        defaults: SchedulerDefaults(
            timestepSpacing: .leading, setAlphaToOne: false, rescalesBetas: false)
    ) { try PNDM($0) }

    let trajectory: Trajectory
    private let plan: SchedulerPlan
    private let timesteps: [Int]
    /// Timesteps of the Runge-Kutta steps, four for each.
    private let rungeKutta: [Int]
    /// Outputs at the last steps, newest last.
    private var outputs: [Tensor] = []
    /// The Runge-Kutta mean so far.
    private var mean: Tensor?
    /// The start of the step that is taken again.
    private var start: Tensor?

    init(_ plan: SchedulerPlan) throws {
        self.plan = plan
        let falling = plan.wholeTimesteps()
        if plan.configuration.skipPRKSteps {
            rungeKutta = []
            timesteps = Array(falling.prefix(2) + falling.dropFirst())
        } else {
            guard falling.count >= 4 else {
                throw SamplingError.unsupported(
                    scheduler: .pndm, setting: "fewer than 4 steps with Runge-Kutta steps",
                    advice: "use more steps or set skip_prk_steps to true")
            }
            let half = plan.configuration.trainTimesteps / plan.steps / 2
            rungeKutta = falling.prefix(3).enumerated().flatMap { index, timestep in
                let middle = falling[index + 1] + half
                return [timestep, middle, middle, falling[index + 1]]
            }
            timesteps = rungeKutta + falling.dropFirst(3)
        }
        trajectory = try plan.alphaSpaceTrajectory(timesteps)
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let output = networkOutput(x, denoised: denoised, at: index)
        return index < rungeKutta.count
            ? rungeKuttaStep(x, output: output, at: index)
            : multistep(x, output: output, at: index)
    }

    /// Adams-Bashforth of the order that the past allows, up to 4.
    private mutating func multistep(_ x: Tensor, output: Tensor, at index: Int) -> Tensor {
        let timestep = timesteps[trajectory.skipped + index]
        if index == 1, let start, let first = outputs.last {
            return transferred(
                start, by: (output + first) / 2, from: timestep + stride, to: timestep)
        }
        if index == 0 { start = x }
        outputs = outputs.suffix(3) + [output]
        let e = Array(outputs.reversed())
        let combined =
            switch e.count {
            case 1: e[0]
            case 2: (e[0] * 3 - e[1]) / 2
            case 3: (e[0] * 23 - e[1] * 16 + e[2] * 5) / 12
            default: (e[0] * 55 - e[1] * 59 + e[2] * 37 - e[3] * 9) / 24
            }
        return transferred(x, by: combined, from: timestep, to: timestep - stride)
    }

    /// One of the four evaluations of a Runge-Kutta step.
    private mutating func rungeKuttaStep(_ x: Tensor, output: Tensor, at index: Int) -> Tensor {
        let halfStride = index % 2 == 0 ? stride / 2 : 0
        let target = timesteps[trajectory.skipped + index] - halfStride
        var slope = output
        switch index % 4 {
        case 0:
            outputs.append(output)
            start = x
            mean = output / 6
        case 3:
            slope = (mean ?? Tensor(zeros: x.shape)) + output / 6
        default:
            mean? += output / 3
        }
        let origin = rungeKutta[index / 4 * 4]
        return transferred(start ?? x, by: slope, from: origin, to: target)
    }

    private var stride: Int { plan.configuration.trainTimesteps / plan.steps }

    /// What the network said, which is what this method extrapolates: ε or v.
    private func networkOutput(_ x: Tensor, denoised: Tensor, at index: Int) -> Tensor {
        let alpha = plan.alphaCumprod(timesteps[trajectory.skipped + index])
        let noise = (1 - alpha).squareRoot()
        return plan.configuration.predictionType == .vPrediction
            ? (x * alpha.squareRoot() - denoised) / noise
            : (x - denoised * alpha.squareRoot()) / noise
    }

    /// x carried from one timestep to another along ε (equation 11).
    private func transferred(_ x: Tensor, by output: Tensor, from: Int, to: Int) -> Tensor {
        let alpha = plan.alphaCumprod(from)
        let next = plan.alphaCumprod(to)
        var epsilon = output
        if plan.configuration.predictionType == .vPrediction {
            epsilon = output * alpha.squareRoot() + x * (1 - alpha).squareRoot()
        }
        let divisor =
            alpha * (1 - next).squareRoot() + (alpha * (1 - alpha) * next).squareRoot()
        return x * (next / alpha).squareRoot() - epsilon * ((next - alpha) / divisor)
    }
}
