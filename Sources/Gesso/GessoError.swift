import Credentials
import Imaging
import Recipes

/// Why a request, a batch or a look-up ended without a result: what happened, where, and what would
/// help. Errors of all rooms below become one of these with `init(_:)`.
public struct GessoError: Error, Equatable, CustomStringConvertible {
    /// The class of a failure, for a front end that has codes of its own for them.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// The request contradicts itself or asks for what does not exist.
        case usage
        /// A picture, a model file or a receipt is damaged or of the wrong sort.
        case badData
        /// A file is missing or cannot be read.
        case cannotRead
        /// The model cannot do what is asked of it.
        case wrongModel
        /// A file cannot be created, or one that is there would have to be replaced.
        case cannotCreate
        /// Writing failed, as on a full disk.
        case inputOutput
        /// There is too little memory, or something is in use.
        case resources
        /// The model's safety checker refuses the picture.
        case refused
        /// A fault of Gesso's own.
        case unexpected
    }

    /// The class of the failure.
    public let kind: Kind
    /// What happened.
    public let what: String
    /// The file, setting or line that it is about; nil where `what` names it.
    public let place: String?
    /// What would help; nil where `what` says it.
    public let remedy: Remedy?

    /// An error with a remedy.
    public init(_ kind: Kind, _ what: String, at place: String? = nil, remedy: Remedy?) {
        (self.kind, self.what, self.place, self.remedy) = (kind, what, place, remedy)
    }

    package init(_ kind: Kind, _ what: String, at place: String? = nil, do advice: String) {
        self.init(kind, what, at: place, remedy: .advice(advice))
    }

    /// One line: what, where, what to do.
    public var description: String {
        text { $0.description }
    }

    /// The same with the remedy in the words of a front end.
    public func text(_ words: (Remedy) -> String) -> String {
        [what, place, remedy.map(words)].compactMap(\.self).joined(separator: ": ")
    }

    /// Whether there is nothing to do: the picture is already as it is asked for.
    public private(set) var isNeedless = false

    /// Whether another picture may succeed where this one failed.
    public var isOfOnePicture: Bool {
        switch kind {
        case .badData, .cannotRead, .usage, .resources, .unexpected, .refused: true
        case .wrongModel, .cannotCreate, .inputOutput: false
        }
    }
}

extension GessoError {
    /// Any error of the library as one of this kind; what no room knows is `unexpected`.
    public init(_ error: any Error) {
        switch error {
        case let error as GessoError: self = error
        case let error as RecipeError: self.init(error)
        case let error as FileError: self.init(error)
        case let error as ImagingError: self.init(error)
        case let error as CredentialsError: self.init(error)
        case let error as EditingError:
            self.init(
                Kind(EngineFailure(error)), error.reason,
                remedy: Remedy(error) ?? error.advice.map { .advice($0) })
        default:
            self.init(Kind(EngineFailure(error)), "\(error)", remedy: nil)
        }
    }

    private init(_ error: RecipeError) {
        let kind: Kind =
            switch error {
            case .unreadable: .cannotRead
            case .otherProgram: .badData
            default: .usage
            }
        switch error {
        case .missing(let key, let verb):
            let shipped = (try? PresetShelf.shipped()) ?? []
            self.init(
                kind, "no \(key)", at: verb.rawValue,
                remedy: .giveSetting(
                    key, hasPresets: shipped.contains { $0.verbs.contains(verb) },
                    orNoSteps: verb == .inpaint || verb == .outpaint))
        case .wrongVerb(let preset, let verb, let madeFor):
            self.init(
                kind, "preset '\(preset.prefix(40))' is not for \(verb.rawValue)",
                remedy: .part(
                    "preset", "use it with " + madeFor.map(\.rawValue).joined(separator: ", ")))
        case .missingVariable(let name, let origin):
            self.init(
                kind, "no value for the variable '\(name)'", at: "\(origin)",
                remedy: .giveVariable(name))
        case .sameCanvas:
            self.init(kind, "\(error)", remedy: nil)
            isNeedless = true
        case .missingMask(let name?, let origin):
            self.init(
                kind, "no mask for '\(name)'", at: "\(origin)", remedy: .giveMask(name))
        default: self.init(kind, "\(error)", remedy: nil)
        }
    }

    private init(_ error: FileError) {
        switch error {
        case .unreadable(let path, _):
            self.init(.cannotRead, "\(error)", remedy: Remedy(toRead: path))
        case .outputExists(let path), .cannotCreate(let path, _):
            self.init(.cannotCreate, "\(error)", remedy: Remedy(ofTilde: path))
        case .writeFailed: self.init(.inputOutput, "\(error)", remedy: nil)
        }
    }

    private init(_ error: ImagingError) {
        switch error {
        case .sizesDiffer(
            "the mask", let width, let height, let expectedWidth, let expectedHeight):
            self.init(
                .badData, "the mask is \(width)x\(height), not \(expectedWidth)x\(expectedHeight)",
                remedy: .fitMask)
        case .notAPicture, .damaged, .unsupported, .tooLarge, .cannotEncode, .sizesDiffer:
            self.init(.badData, "\(error)", remedy: nil)
        case .unreadable(let name, _):
            self.init(.cannotRead, "\(error)", remedy: Remedy(toRead: name))
        case .folder: self.init(.cannotRead, "\(error)", remedy: .onePicture)
        case .outOfMemory: self.init(.resources, "\(error)", remedy: nil)
        }
    }
}

extension GessoError.Kind {
    fileprivate init(_ failure: EngineFailure?) {
        switch failure {
        case .corruptData: self = .badData
        case .cannotRead: self = .cannotRead
        case .modelMismatch: self = .wrongModel
        case .cannotCreate: self = .cannotCreate
        case .inputOutput: self = .inputOutput
        case .usage: self = .usage
        case .memory: self = .resources
        case .refused: self = .refused
        case nil: self = .unexpected
        }
    }
}

extension Remedy {
    /// For a path that begins with a ~ which no shell replaced.
    fileprivate init?(ofTilde path: String) {
        guard path.hasPrefix("~/") || path.hasPrefix("./~/") else { return nil }
        self = .advice("a ~ in quotes or lists is no home folder: write the whole path")
    }

    /// For what is no path of a file but an address.
    fileprivate init?(toRead path: String) {
        if path.hasPrefix("http://") || path.hasPrefix("https://") {
            self = .advice("an address is not opened: download the file first")
        } else if path.hasPrefix("file://") {
            self = .advice("write the path alone, without file://")
        } else if let remedy = Remedy(ofTilde: path) {
            self = remedy
        } else {
            return nil
        }
    }

    fileprivate init?(_ error: EditingError) {
        switch error {
        case .inpaintingOnly: self = .anotherModel
        case .instructionsOnly: self = .anotherModelOrInstruct
        case .noInstructions: self = .instructModel
        case .noTokenizer: self = .nameTokenizer
        case .decoderOnly: self = .wholeVAE
        case .tooManyParts: self = .joinParts
        case .refused: self = .otherPicture
        default: return nil
        }
    }
}
