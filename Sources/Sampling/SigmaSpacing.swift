/// How the noise levels of a run are spread between the first and the last. Each spacing's file holds
/// its formula, and `allCases` is the list of them.
public struct SigmaSpacing: RawRepresentable, CaseIterable, Hashable, Sendable,
    CustomStringConvertible
{
    /// Its name in recipes and on the command line.
    public let rawValue: String
    /// Its name as A1111's schedule type, which infotext uses; nil where A1111 has none.
    public let nameInA1111: String?
    /// Further names in other programs; case and separators do not count.
    public let aliases: [String]
    /// The noise levels before the clean end; nil where the timesteps place them.
    let place: (@Sendable (SigmaRange) -> [Double])?

    init(
        _ name: String, a1111: String? = nil, aliases: [String] = [],
        place: (@Sendable (SigmaRange) -> [Double])?
    ) {
        rawValue = name
        nameInA1111 = a1111
        self.aliases = aliases
        self.place = place
    }

    /// The spacing of a name; nil where there is none.
    public init?(rawValue: String) {
        guard let match = Self.allCases.first(where: { $0.rawValue == rawValue }) else {
            return nil
        }
        self = match
    }

    /// The same name.
    public var description: String { rawValue }

    /// Whether both names are the same.
    public static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }

    /// Where the timesteps put them.
    public static let `default` = SigmaSpacing("default", place: nil)

    /// Every spacing, in the order in which they are listed.
    public static let allCases: [SigmaSpacing] = [
        .default, .karras, .exponential, .uniform, .sgmUniform, .simple, .beta, .polyexponential,
        .alignYourSteps,
    ]
}

/// What a spacing of sigmas is laid over.
struct SigmaRange {
    /// The first σ.
    let greatest: Double
    /// The last σ before the clean end.
    let least: Double
    /// How many noise levels there are.
    let count: Int
    /// The levels of training.
    let schedule: NoiseSchedule
    /// Whose variant of a formula to follow.
    let rule: StepRule
    /// Whether the model is Stable Diffusion XL, whose best steps are others.
    let isXL: Bool
}
