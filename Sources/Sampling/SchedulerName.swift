/// A scheduler that Gesso has, by the name used in recipes and on the command line.
///
/// The values are those of `SchedulerTraits.all`; each scheduler's file adds its own as a static
/// member.
public struct SchedulerName: RawRepresentable, CaseIterable, Hashable, Sendable,
    CustomStringConvertible
{
    /// What is known of it.
    public let traits: SchedulerTraits

    /// The name in recipes and on the command line.
    public var rawValue: String { traits.name }

    /// The same name.
    public var description: String { rawValue }

    /// The scheduler of a name; nil where there is none.
    public init?(rawValue: String) {
        guard let match = SchedulerTraits.all.first(where: { $0.name == rawValue }) else {
            return nil
        }
        traits = match
    }

    init(_ traits: SchedulerTraits) { self.traits = traits }

    /// All schedulers, in the order in which they are listed.
    public static let allCases = SchedulerTraits.all.map { SchedulerName($0) }

    /// Those that have a setting.
    public static func having(_ setting: SchedulerSetting) -> [SchedulerName] {
        allCases.filter { $0.traits.settings.contains(setting) }
    }

    /// Whether both names are the same.
    public static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension SchedulerName {
    /// The scheduler of a diffusers class, the first in the list if it serves several; nil where
    /// Gesso has none of that class.
    public init?(diffusersClassName: String) {
        let match = SchedulerTraits.all.first { $0.diffusersClassName == diffusersClassName }
        guard let match else { return nil }
        traits = match
    }

    /// The class of diffusers that it agrees with, which a `scheduler_config.json` names; nil where
    /// diffusers has none.
    public var diffusersClassName: String? { traits.diffusersClassName }
}

extension [SchedulerName] {
    /// The names, joined for a sentence.
    var names: String { map(\.rawValue).joined(separator: ", ") }
}
