import Checkpoints
public import Foundation
import Models
import Tensors

/// What converting a checkpoint came to.
public struct ConversionReport: Sendable {
    /// How many tensors were written.
    public let tensors: Int
    /// How many of them in another type than they had.
    public let cast: Int
    /// Names of tensors and parts that have no place in the new layout, sorted.
    public let leftOut: [String]
}

extension Model {
    /// Writes a checkpoint anew, in the layout that the name of `target` asks for: a single file if it
    /// ends in `.safetensors`, else a folder as diffusers has it.
    ///
    /// - Parameters:
    ///   - type: `F32`, `F16` or `BF16`, which every number becomes; nil leaves each its own.
    ///   - tokenizers: where to look for the tokenizer that a folder gets.
    ///   - checkpoint: called between any two tensors; what it throws ends the writing.
    /// - Throws: `CheckpointError`, and what loading the checkpoint would throw of its family and
    ///   tokenizer.
    public static func convert(
        _ url: URL, to target: URL, as type: String?, tokenizers: TokenizerPlaces,
        checkpoint: @escaping () throws -> Void = {}
    ) throws -> ConversionReport {
        let source = try modelSource(url)
        let family = try ModelFamily(of: source)
        let isFile = ModelConversion.isFile(target)
        let encoders = isFile ? [] : family.textEncoders
        let folders = try encoders.map { encoder in
            let size = try PromptEncoder.configuration(of: source, encoder).vocabularySize
            return (
                encoder,
                try tokenizers.folder(for: source, encoder: encoder, vocabularySize: size)
            )
        }
        let vocabularies = try folders.compactMap { encoder, folder in
            try CLIPTokenizer.vocabulary(missingIn: folder).map { (encoder, $0) }
        }
        let outcome = try ModelConversion(
            source, as: type.flatMap { DataType(rawValue: $0) },
            tokenizers: Dictionary(uniqueKeysWithValues: folders),
            vocabularies: Dictionary(uniqueKeysWithValues: vocabularies), checkpoint: checkpoint
        ).write(to: target)
        return ConversionReport(
            tensors: outcome.tensors, cast: outcome.cast, leftOut: outcome.leftOut)
    }
}
