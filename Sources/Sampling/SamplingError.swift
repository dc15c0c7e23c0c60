/// What can go wrong between a scheduler's settings and the last step.
public enum SamplingError: Error, Equatable, CustomStringConvertible {
    /// A name that is no scheduler, with the nearest known one, if any is near.
    case unknownScheduler(name: String, suggestion: String?)
    /// A name that is no spacing of sigmas.
    case unknownSpacing(name: String)
    /// A value of `scheduler_config.json` that cannot be read.
    case configuration(key: String, found: String, expected: String)
    /// A setting that this scheduler does not take, or that no scheduler here takes.
    case unsupported(scheduler: SchedulerName, setting: String, advice: String)
    /// A number of steps outside 1...`most`.
    case steps(Int, scheduler: SchedulerName, most: Int)
    /// Strength outside 0...1.
    case strength(Double)
    /// Strength is so low that all steps are skipped.
    case noStepLeft(strength: Double, steps: Int)
    /// A timestep outside the training schedule.
    case timestep(Int, scheduler: SchedulerName, trainTimesteps: Int)
    /// NaN or infinity in the latents after a step, counted from 1.
    case notFinite(step: Int, of: Int)

    /// What, where, what to do, on one line.
    public var description: String {
        switch self {
        case .unknownScheduler(let name, let suggestion):
            let known = SchedulerName.allCases.map(\.rawValue).joined(separator: ", ")
            let hint = suggestion.map { "did you mean \"\($0)\"? " } ?? ""
            return "unknown scheduler \"\(name)\": \(hint)known: \(known)"
        case .unknownSpacing(let name):
            let known = SigmaSpacing.allCases.map(\.rawValue).joined(separator: ", ")
            return "unknown spacing of sigmas \"\(name)\": known: \(known)"
        case .configuration(let key, let found, let expected):
            return "scheduler_config.json: \"\(key)\" is \(found); expected \(expected)"
        case .unsupported(let scheduler, let setting, let advice):
            return "scheduler \(scheduler.rawValue) does not support \(setting): \(advice)"
        case .steps(let steps, let scheduler, let most):
            return "\(steps) steps with scheduler \(scheduler.rawValue): use 1 to \(most)"
        case .strength(let strength):
            return "strength \(strength): use a value from 0 to 1"
        case .noStepLeft(let strength, let steps):
            let least = (100 / Double(max(steps, 1))).rounded(.up) / 100
            let enough = least < 1 ? "\(least) or more" : "1"
            return """
                strength \(strength) leaves none of \(steps) steps: use a strength of \
                \(enough), or more steps
                """
        case .timestep(let timestep, let scheduler, let total):
            return """
                scheduler \(scheduler.rawValue) reaches timestep \(timestep), outside the \
                \(total) of the model's training: use fewer steps
                """
        case .notFinite(let step, let total):
            return """
                NaN at step \(step) of \(total): the model or the scheduler diverged; try another \
                scheduler, more steps or a lower guidance scale
                """
        }
    }
}
