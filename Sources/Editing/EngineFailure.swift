import Checkpoints
import Models
import Sampling

/// The class of an error of the engine's rooms.
public enum EngineFailure: Sendable {
    /// A file is damaged or of the wrong sort, or its numbers lead nowhere.
    case corruptData
    /// A file is missing or cannot be read.
    case cannotRead
    /// The model cannot do what is asked of it.
    case modelMismatch
    /// A file would have to be replaced, or cannot be created.
    case cannotCreate
    /// Writing failed.
    case inputOutput
    /// What was asked for cannot be run.
    case usage
    /// There is too little memory.
    case memory
    /// The safety checker refuses the picture.
    case refused

    /// The class of an error; nil for errors of other rooms.
    public init?(_ error: any Error) {
        switch error {
        case let error as CheckpointError: self.init(error.kind)
        case let error as ModelError: self.init(error.kind)
        case SamplingError.notFinite, SamplingError.configuration: self = .corruptData
        case is SamplingError: self = .usage
        case let error as EditingError: self.init(error)
        default: return nil
        }
    }

    private init(_ kind: FailureKind) {
        switch kind {
        case .corruptData: self = .corruptData
        case .cannotRead: self = .cannotRead
        case .modelMismatch: self = .modelMismatch
        case .cannotCreate: self = .cannotCreate
        case .inputOutput: self = .inputOutput
        }
    }

    private init(_ error: EditingError) {
        switch error {
        case .memory: self = .memory
        case .unknownFamily, .inpaintingOnly, .instructionsOnly, .noInstructions, .decoderOnly:
            self = .modelMismatch
        case .noTokenizer: self = .cannotRead
        case .tooManyParts, .notFinite, .noTransparency: self = .corruptData
        case .refused: self = .refused
        case .noMask, .shapeOutside, .colorNowhere, .noControlNet, .nothingToControlBy,
            .nothingToRead, .badMapNumbers:
            self = .usage
        }
    }
}
