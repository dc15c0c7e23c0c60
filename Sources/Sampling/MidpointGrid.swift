/// The grid of the solvers that evaluate between two levels, once in each step but the last.
extension SchedulerPlan {
    /// A trajectory in sigma space whose every second evaluation is at a middle level. Known latents
    /// are held at the level that the step leads to, as diffusers has it.
    ///
    /// - Parameter middle: σ of the evaluation between two levels.
    func midpointTrajectory(
        _ grid: SigmaGrid, middle: (_ from: Float, _ to: Float) -> Float
    ) throws -> Trajectory {
        let count = grid.timesteps.count
        var levels = [NoiseLevel(sigma: grid.sigmas[0], timestep: grid.timesteps[0])]
        for index in 1..<max(count, 1) {
            let between = middle(grid.sigmas[index - 1], grid.sigmas[index])
            let timestep = timesteps(ofSpaced: [Double(between)])[0]
            levels.append(NoiseLevel(sigma: between, timestep: Float(timestep)))
            levels.append(
                NoiseLevel(sigma: grid.sigmas[index], timestep: grid.timesteps[index]))
        }
        let twice = SigmaGrid(
            sigmas: grid.sigmas.prefix(1) + grid.sigmas[1..<count].flatMap { [$0, $0] } + [0],
            timesteps: levels.map(\.timestep))
        var trajectory = try sigmaSpaceTrajectory(twice)
        trajectory.levels = Array(levels[trajectory.skipped...])
        return trajectory
    }
}

/// σ after the part of a step without noise, and the deviation of the noise that leads up from there:
/// σ↑² = σ'²(σ² − σ'²)/σ², σ↓² = σ'² − σ↑² (Crowson 2022).
struct AncestralStep {
    let down: Float
    let up: Float

    init(from: Float, to: Float) {
        up = min(to, (to * to * (from * from - to * to) / (from * from)).squareRoot())
        down = (to * to - up * up).squareRoot()
    }
}
