/// What presets are for, as they are listed.
public enum PresetGroup: String, CaseIterable, Sendable {
    /// The whole picture looks different.
    case restyle
    /// What a mask shows is repainted.
    case inpaint
    /// The canvas is extended.
    case outpaint
    /// Several edits in a row.
    case run
}

extension Preset {
    /// The group it is listed in: the one of its first verb.
    public var group: PresetGroup {
        if hasEdits { return .run }
        return switch verbs.first {
        case .inpaint: .inpaint
        case .outpaint: .outpaint
        default: .restyle
        }
    }
}
