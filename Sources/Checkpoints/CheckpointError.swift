/// Why a file or folder of weights cannot be used.
///
/// Paths are as the caller gave them; names and texts that come from a file are shown escaped and
/// shortened.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
    /// The file or folder is missing, forbidden or of the wrong sort.
    case cannotRead(path: String, reason: String)
    /// A model folder lacks one of its parts.
    case missingFile(folder: String, tried: [String], hint: String?)
    /// The bytes break the rules of the format, `safetensors` or `JSON`.
    case malformed(path: String, format: String, reason: String)
    /// The file is something else altogether.
    case foreign(path: String, what: String, hint: String)
    /// The file is safetensors, but not a whole checkpoint of a family that is read.
    case notAModel(path: String, missing: String, guess: String?)
    /// A file of weights of a kind that is known and not read.
    case unsupportedModel(
        path: String, what: String, hint: String = "take one of Stable Diffusion 1, 2 or XL")
    /// A tensor's numbers are of a type Gesso does not compute with.
    case unsupportedDataType(path: String, tensor: String, found: String)
    /// A tensor holds NaN or infinity.
    case nonFiniteValues(path: String, tensor: String)
    /// Every number in the file is zero.
    case allZero(path: String)
    /// So many layers one after another hold zeros alone.
    case gap(path: String, first: String, count: Int)
    /// The model needs a tensor that the file does not hold.
    case missingTensor(path: String, tensor: String, first: String?, count: Int, guess: String?)
    /// A tensor has another shape than the model needs.
    case wrongShape(path: String, tensor: String, expected: [Int], found: [Int])
    /// The file holds tensors that the model has no place for.
    case unusedTensors(path: String, first: String, count: Int, guess: String?)
    /// A file that was given as an add-on to a model is something else.
    case unusableAddOn(path: String, what: String, hint: String)
    /// An add-on was made for models of another family.
    case addOnOfAnotherFamily(path: String, family: String?, reason: String)
    /// An add-on holds tensors for which the model has no layer; names as in the file.
    case unknownAddOnKeys(path: String, names: [String], of: Int)
    /// An add-on changes layers of the model in a way that is not known; names as in the file.
    case unknownAddOnRoles(path: String, names: [String])
    /// A single file lacks a part of a model; `missing` is the beginning of the names it would have.
    case missingPart(path: String, component: String, missing: String)
    /// Latents of another kind than the model's.
    case otherLatents(path: String, found: Int, expected: Int)
    /// A weight with all that is added to it is beyond the range of 32-bit numbers.
    case overflow(path: String, tensor: String)

    /// A file or folder that would have to be overwritten.
    case outputExists(path: String)
    /// A file or folder that cannot be made.
    case cannotCreate(path: String, reason: String)
    /// A file that cannot be written.
    case writeFailed(path: String, reason: String)
    /// A number that another type has no finite value for.
    case outOfRange(path: String, tensor: String, type: String)
    /// Checkpoints that do not add up to one for inpainting.
    case notAddable(path: String, reason: String)
    /// A model of a kind that cannot be written in another layout.
    case notConvertible(path: String, reason: String)

    /// The class of the failure.
    public var kind: FailureKind {
        switch self {
        case .cannotRead, .missingFile: .cannotRead
        case .outputExists, .cannotCreate: .cannotCreate
        case .writeFailed: .inputOutput
        case .outOfRange: .corruptData
        case .notConvertible, .notAddable: .modelMismatch
        case .malformed, .foreign, .unsupportedDataType, .nonFiniteValues, .allZero, .gap:
            .corruptData
        case .missingTensor, .wrongShape, .unusedTensors, .notAModel, .unsupportedModel,
            .unusableAddOn, .addOnOfAnotherFamily, .unknownAddOnKeys, .unknownAddOnRoles, .overflow,
            .missingPart,
            .otherLatents:
            .modelMismatch
        }
    }

    /// What, where, and what to do, in one line.
    public var description: String {
        switch self {
        case .cannotRead(let path, let reason):
            "\(path): \(reason)"
        case .missingFile(let folder, let tried, let hint):
            "\(folder): holds no \(tried.joined(separator: " or "))"
                + (hint.map { "; \($0)" } ?? "")
        case .malformed(let path, let format, let reason):
            "\(path): not valid \(format): \(reason)"
        case .foreign(let path, let what, let hint):
            "\(path): is \(what); \(hint)"
        case .notAModel(let path, let missing, let guess):
            "\(path): not a whole Stable Diffusion checkpoint: no tensor is called "
                + "\(missing)" + looksLike(guess) + KnownContents.advice(for: guess)
        case .unsupportedModel(let path, let what, let hint):
            "\(path): is \(what), which is not supported; \(hint)"
        case .unsupportedDataType(let path, let tensor, let found):
            "\(path): tensor \(shown(tensor)) is \(shown(found)); "
                + "weights must be floats"
        case .nonFiniteValues(let path, let tensor):
            "\(path): tensor \(shown(tensor)) holds NaN or infinity; the file is damaged"
        case .allZero(let path):
            "\(path): every weight is zero; the file is damaged"
        case .gap(let path, let first, let count):
            "\(path): \(count) layers one after another are zero, first \(shown(first)): the "
                + "download is not whole; fetch it again"
        case .outputExists(let path):
            "\(path): is there already; give another name"
        case .cannotCreate(let path, let reason):
            "\(path): cannot be created: \(reason.lowercased())"
        case .writeFailed(let path, let reason):
            "\(path): cannot be written: \(reason.lowercased())"
        case .outOfRange(let path, let tensor, let type):
            "\(path): tensor \(shown(tensor)) holds numbers beyond the range of \(type); "
                + "choose BF16 or F32"
        case .notAddable(let path, let reason):
            "\(path): cannot be made an inpainting model: \(reason)"
        case .notConvertible(let path, let reason):
            "\(path): cannot be converted: \(reason)"
        case .missingTensor(let path, let tensor, let first, let count, let guess):
            "\(path): no tensor \(shown(tensor)) among its \(count)"
                + (first.map { " (first: \(shown($0)))" } ?? "") + looksLike(guess)
        case .wrongShape(let path, let tensor, let expected, let found):
            "\(path): tensor \(shown(tensor)) has shape \(found), the model needs \(expected)"
        case .unusableAddOn(let path, let what, let hint):
            "\(path): \(what); \(hint)"
        case .addOnOfAnotherFamily(let path, let family, let reason):
            "\(path): made for " + (family.map { shown($0) } ?? "another kind of model")
                + ": \(reason)"
        case .unknownAddOnKeys(let path, let names, let count):
            listing(
                names,
                after: "\(brief(path)): \(names.count) of \(count) keys are for layers the model "
                    + "has not: ")
        case .unknownAddOnRoles(let path, let names):
            listing(
                names,
                after: "\(brief(path)): changes layers in a way that is not known: ")
        case .missingPart(let path, let component, let missing):
            "\(path): holds no \(component): no tensor is called \(missing)…; give a VAE from another "
                + "file (--vae)"
        case .otherLatents(let path, let found, let expected):
            "\(path): made for other models: its latents have \(found) channels where the model has "
                + "\(expected)"
        case .overflow(let path, let tensor):
            "\(path): tensor \(shown(tensor)) with its LoRAs is beyond the range of 32-bit numbers: "
                + "give them less weight"
        case .unusedTensors(let path, let first, let count, let guess):
            "\(path): \(count) tensor\(count == 1 ? "" : "s") the model has no place for, "
                + "first \(shown(first))" + looksLike(guess)
        }
    }
}

private func looksLike(_ guess: String?) -> String {
    guess.map { "; it looks like \($0)" } ?? ""
}

/// A path whose end is shown where it is long, so that what follows is not cut off a line.
private func brief(_ path: String) -> String {
    path.count > 70 ? "…" + path.suffix(69) : path
}

/// Names behind a reason, shortened and as many as fit into a line.
private func listing(_ names: [String], after reason: String) -> String {
    var text = reason
    for (index, name) in names.prefix(3).enumerated() {
        let whole = shown(name, upTo: 512)
        let short = whole.count > 48 ? whole.prefix(24) + "…" + whole.suffix(23) : whole[...]
        let part = (index > 0 ? ", " : "") + short
        guard index == 0 || text.count + part.count < 185 else { return text + ", …" }
        text += part
    }
    return text + (names.count > 3 ? ", …" : "")
}

/// `text` as it may be printed: anything that is not a plain visible character is escaped, and what
/// is longer than `limit` characters is cut.
func shown(_ text: String, upTo limit: Int = 80) -> String {
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
        guard count < limit else { return result + "…" }
        let isPlain: Bool =
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
                .paragraphSeparator:
                false
            default: true
            }
        result += isPlain ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        count += 1
    }
    return result
}
