import Checkpoints
import Models
import Sampling

/// The code the tool ends with for an error of the engine's rooms (sysexits.h); nil for others.
public func exitCode(of error: any Error) -> Int32? {
    switch error {
    case let error as CheckpointError: error.kind.exitCode
    case let error as ModelError: error.kind.exitCode
    case let error as SamplingError: error.exitCode
    case let error as EditingError: error.exitCode
    default: nil
    }
}

extension FailureKind {
    fileprivate var exitCode: Int32 {
        switch self {
        case .corruptData: 65
        case .cannotRead: 66
        case .modelMismatch: 69
        case .cannotCreate: 73
        case .inputOutput: 74
        }
    }
}

extension SamplingError {
    fileprivate var exitCode: Int32 {
        switch self {
        case .notFinite: 65
        case .configuration: 65
        default: 64
        }
    }
}

extension EditingError {
    fileprivate var exitCode: Int32 {
        switch self {
        case .memory: 75
        case .unknownFamily, .inpaintingOnly, .instructionsOnly, .noInstructions, .decoderOnly: 69
        case .noTokenizer: 66
        case .noControlNet, .nothingToControlBy: 64
        case .tooManyParts, .notFinite: 65
        case .refused: 77
        }
    }
}
