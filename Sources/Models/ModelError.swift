public import Checkpoints
package import Foundation

/// Why a network cannot be built or run. What is wrong with a file of weights is a `CheckpointError`.
public enum ModelError: Error, Equatable, CustomStringConvertible {
    /// The configuration asks for something Gesso does not do.
    case unsupported(model: String, key: String, value: String)
    /// The configuration contradicts itself or is not JSON of the right shape.
    case invalidConfiguration(model: String, key: String, reason: String)
    /// The tokenizer's files break their format or contradict each other.
    case invalidTokenizer(path: String, reason: String)
    /// A token the text encoder has no embedding for: tokenizer and encoder do not belong together.
    case unknownToken(id: Int, vocabularySize: Int)
    /// A text longer than the text encoder can take.
    case tooManyTokens(count: Int, limit: Int)

    /// What a closure returns; what it throws of a configuration names the model.
    /// - Parameter url: where the model is.
    package static func naming<Value>(
        _ url: URL, _ body: () throws -> Value
    ) throws -> Value {
        func name(_ model: String) -> String { "\(url.path(percentEncoded: false)): \(model)" }
        do {
            return try body()
        } catch ModelError.unsupported(let model, let key, let value) {
            throw ModelError.unsupported(model: name(model), key: key, value: value)
        } catch ModelError.invalidConfiguration(let model, let key, let reason) {
            throw ModelError.invalidConfiguration(model: name(model), key: key, reason: reason)
        }
    }

    /// The class of the failure.
    public var kind: FailureKind {
        switch self {
        case .invalidConfiguration, .invalidTokenizer: .corruptData
        case .unsupported, .unknownToken, .tooManyTokens: .modelMismatch
        }
    }

    /// What, where, and what to do, in one line.
    public var description: String {
        switch self {
        case .unsupported(let model, let key, let value):
            "\(model): \(key) = \(value) in its configuration is not supported"
        case .invalidConfiguration(let model, let key, let reason):
            "\(model): \(key) in its configuration \(reason)"
        case .invalidTokenizer(let path, let reason):
            "\(path): not a CLIP tokenizer: \(reason)"
        case .unknownToken(let id, let vocabularySize):
            "token \(id) is outside the text encoder's vocabulary of \(vocabularySize); "
                + "the tokenizer belongs to another model"
        case .tooManyTokens(let count, let limit):
            "\(count) tokens are more than the text encoder's \(limit)"
        }
    }
}
