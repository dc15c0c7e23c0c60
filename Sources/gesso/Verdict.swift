import Terminal

/// Thrown when all went well and the answer, already printed, is not the one that was hoped for: it only
/// sets the code.
enum Verdict: Error {
    /// Pictures differ.
    case different
    /// Something is broken.
    case unhealthy
    /// Some pictures could not be made.
    case someFailed

    var status: ExitStatus {
        switch self {
        case .different, .unhealthy: .different
        case .someFailed: .someFailed
        }
    }
}
