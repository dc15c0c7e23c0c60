/// How strength is counted in steps. 20 steps at strength 0.5 are 10 with diffusers, 11 with A1111
/// and 20 of a schedule of 40 with ComfyUI.
public enum StepRule: String, CaseIterable, Sendable {
    /// The last ⌊steps · strength⌋.
    case diffusers
    /// The last ⌊steps · min(strength, 0.999)⌋ + 1, so never none.
    case a1111
    /// A1111's "exactly the steps asked for": as many, the last of ⌊steps / min(strength, 0.999)⌋.
    case a1111Exact = "a1111-exact"
    /// As many as asked for, the last of ⌊steps / strength⌋.
    case comfy
}

/// What strength sets.
public enum StrengthMode: String, CaseIterable, Sendable {
    /// How many of the steps are run, a whole number.
    case steps
    /// The noise level of the start, which then is between those of two steps: 0.50 and 0.52 differ
    /// for any number of steps. Where strength times steps is whole it is diffusers' count.
    case noiseLevel = "noise-level"
}

extension StepRule {
    /// Whether it is one of A1111's.
    var isA1111: Bool { self == .a1111 || self == .a1111Exact }

    /// The number of steps of the whole schedule, of which strength leaves the last.
    /// - Throws: `SamplingError.strength` outside 0...1, `.noStepLeft` at 0 where it divides.
    public func scheduleSteps(for steps: Int, strength: Double?) throws -> Int {
        guard let strength, self == .comfy || self == .a1111Exact else { return steps }
        guard (0...1).contains(strength) else { throw SamplingError.strength(strength) }
        let divisor = self == .comfy ? strength : min(strength, 0.999)
        let total = Double(steps) / divisor
        guard total <= 1e6 else { throw SamplingError.noStepLeft(strength: strength, steps: steps) }
        return Int(total)
    }

    /// The number of steps that strength skips of the whole schedule, 0 when strength is nil.
    /// - Throws: `SamplingError.strength` outside 0...1, `.noStepLeft` where all would be skipped.
    public func skippedSteps(of steps: Int, strength: Double?) throws -> Int {
        guard let strength else { return 0 }
        guard (0...1).contains(strength) else { throw SamplingError.strength(strength) }
        let kept =
            switch self {
            case .diffusers: Int(Double(steps) * strength)
            case .a1111: Int(min(strength, 0.999) * Double(steps)) + 1
            case .a1111Exact, .comfy: steps
            }
        guard kept > 0 else { throw SamplingError.noStepLeft(strength: strength, steps: steps) }
        return max(try scheduleSteps(for: steps, strength: strength) - kept, 0)
    }

    /// Steps skipped for a start at an exact noise level, and how far that is from the level of the
    /// first step kept towards the next, 0..<1.
    /// - Throws: as `skippedSteps(of:strength:)`.
    static func levelStart(
        of steps: Int, strength: Double?
    ) throws -> (skipped: Int, fraction: Double) {
        guard let strength else { return (0, 0) }
        guard (0...1).contains(strength) else { throw SamplingError.strength(strength) }
        guard strength > 0 else { throw SamplingError.noStepLeft(strength: strength, steps: steps) }
        let place = Double(steps) - Double(steps) * strength
        let whole = place.rounded()
        // A product such as 20 · 0.55 misses the whole number by a rounding.
        if abs(place - whole) < 1e-6, Int(whole) < steps { return (Int(whole), 0) }
        let below = min(Int(place), steps - 1)
        return (below, min(place - Double(below), 1 - 1e-6))
    }
}
