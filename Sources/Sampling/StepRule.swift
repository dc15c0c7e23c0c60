/// How strength is counted in steps. 20 steps at strength 0.5 are 10 with diffusers, 11 with A1111.
public enum StepRule: String, CaseIterable, Sendable {
    /// The last ⌊steps · strength⌋.
    case diffusers
    /// The last ⌊steps · min(strength, 0.999)⌋ + 1, so never none.
    case a1111
}

extension StepRule {
    /// The number of steps that strength skips, 0 when strength is nil.
    /// - Throws: `SamplingError.strength` outside 0...1, `.noStepLeft` where all would be skipped.
    public func skippedSteps(of steps: Int, strength: Double?) throws -> Int {
        guard let strength else { return 0 }
        guard (0...1).contains(strength) else { throw SamplingError.strength(strength) }
        let kept =
            switch self {
            case .diffusers: Int(Double(steps) * strength)
            case .a1111: Int(min(strength, 0.999) * Double(steps)) + 1
            }
        guard kept > 0 else { throw SamplingError.noStepLeft(strength: strength, steps: steps) }
        return max(steps - kept, 0)
    }
}
