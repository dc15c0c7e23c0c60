/// Whether the safety checker that a checkpoint ships looks at a picture before it is written.
public enum Safety: String, CaseIterable, Sendable {
    /// Pictures that it refuses are not written. Where there is none, nothing is checked.
    case on
    /// It is not asked.
    case off
}
