package import Gesso

/// The codes that the process ends with (sysexits.h, and 128 + signal).
package enum ExitStatus: Int32 {
    case success = 0
    case different = 1
    case someFailed = 3
    case usage = 64
    case badData = 65
    case cannotRead = 66
    case wrongModel = 69
    case unexpected = 70
    case cannotCreate = 73
    case inputOutput = 74
    case resources = 75
    case refused = 77
    case hangup = 129
    case interrupted = 130
    case quit = 131
    case alarm = 142
    case terminated = 143
    case processorTime = 152
}

extension ExitStatus {
    /// THE list of what the process ends with for a class of error.
    package init(_ kind: GessoError.Kind) {
        self =
            switch kind {
            case .usage: .usage
            case .badData: .badData
            case .cannotRead: .cannotRead
            case .wrongModel: .wrongModel
            case .cannotCreate: .cannotCreate
            case .inputOutput: .inputOutput
            case .resources: .resources
            case .refused: .refused
            case .unexpected: .unexpected
            }
    }
}
