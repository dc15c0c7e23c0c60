/// What a failure means to the caller, whatever its wording: the classes a tool maps to exit codes.
public enum FailureKind: Sendable, Equatable {
    /// The bytes were read and are not what they should be.
    case corruptData
    /// The file or folder is missing or may not be read.
    case cannotRead
    /// Everything was read, and it is another model than the one asked for.
    case modelMismatch
    /// What was to be made is there already, or cannot be made.
    case cannotCreate
    /// Writing failed.
    case inputOutput
}
