public import Foundation
public import Tensors

/// A model written anew: as a folder in diffusers' layout, or as a single file under the names of the
/// original repository. Tensors that keep their type keep their bytes.
///
/// Tensors of no part of the model (averages of training, schedules) go from file to file, and those
/// within a part from folder to folder; what the other layout has no name for is left out, and told.
/// A single file keeps of the scheduler only whether the model predicts velocity.
public struct ModelConversion {
    /// What was written.
    public struct Outcome: Sendable, Equatable {
        /// how many tensors
        public internal(set) var tensors = 0
        /// how many of them in another type than they had
        public internal(set) var cast = 0
        /// names of tensors and parts that have no place in the new layout, sorted
        public internal(set) var leftOut: [String] = []
    }

    let source: any ModelSource
    let type: DataType?
    let tokenizer: URL?
    let checkpoint: () throws -> Void

    /// - Parameters:
    ///   - type: of the numbers; nil leaves each its own.
    ///   - tokenizer: the folder of the tokenizer that a folder gets.
    ///   - checkpoint: called between any two tensors; what it throws ends the writing.
    public init(
        _ source: any ModelSource, as type: DataType? = nil, tokenizer: URL? = nil,
        checkpoint: @escaping () throws -> Void = {}
    ) {
        (self.source, self.type, self.tokenizer) = (source, type, tokenizer)
        self.checkpoint = checkpoint
    }

    /// Writes the model, whole or not at all: a single file if the name ends in `.safetensors`, else a
    /// folder. Nothing is ever overwritten.
    ///
    /// - Throws: `CheckpointError`.
    public func write(to url: URL) throws -> Outcome {
        guard !source.contains("text_encoder_2") else {
            throw CheckpointError.notConvertible(
                path: source.url.path(percentEncoded: false),
                reason: "only Stable Diffusion 1 and 2 are")
        }
        let draft = try ConversionDraft(for: url)
        do {
            let outcome =
                url.pathExtension == "safetensors"
                ? try writeFile(draft.url) : try writeFolder(draft.url)
            try draft.publish()
            return outcome
        } catch {
            draft.discard()
            throw error
        }
    }

    private func writeFile(_ url: URL) throws -> Outcome {
        var outcome = Outcome()
        let tensors: [OutgoingTensor]
        var metadata = ["format": "pt"]
        if let single = source as? SingleFile {
            metadata = single.metadata
            tensors = single.everyEntry.map { OutgoingTensor($0, $1.shape, [$1], as: type) }
        } else {
            tensors = try singleFileTensors(&outcome.leftOut)
            if try predictsVelocity() { metadata["modelspec.prediction_type"] = "v" }
        }
        try SafetensorsWriter(url: url, checkpoint: checkpoint).write(tensors, metadata: metadata)
        outcome.count(tensors)
        return outcome
    }

    private func predictsVelocity() throws -> Bool {
        guard source.contains("scheduler") else { return false }
        let members = try source.members("scheduler")
        return members["prediction_type"] as? String == "v_prediction"
    }

    private func singleFileTensors(_ leftOut: inout [String]) throws -> [OutgoingTensor] {
        let unet = try source.weights("unet").entries
        let vae = Dictionary(
            try source.weights("vae").entries.map {
                (DiffusersNames.autoencoder($0.key), $0.value)
            }, uniquingKeysWith: { first, _ in first })
        let levels = LDMUNetShape.levels(diffusers: Set(unet.keys))
        let count = vae.keys.count {
            $0.hasPrefix("encoder.down_blocks.")
                && $0.hasSuffix(
                    ".resnets.0.conv1.weight")
        }
        let layers = vae.keys.count {
            $0.hasPrefix("encoder.down_blocks.0.resnets.")
                && $0.hasSuffix(
                    ".conv1.weight")
        }
        let maps = [
            (unet, "model.diffusion_model.", LDMNames.unet(levels).inverse),
            (
                vae, "first_stage_model.",
                LDMNames.autoencoder(levels: count, layers: layers).inverse
            ),
        ]
        var tensors: [OutgoingTensor] = []
        for (entries, prefix, map) in maps {
            for (name, entry) in entries {
                guard let told = map(name) else {
                    leftOut.append(name)
                    continue
                }
                let isFlat =
                    prefix == "first_stage_model." && entry.shape.count == 2
                    && DiffusersNames.isProjection(name)
                tensors.append(
                    OutgoingTensor(
                        prefix + told, entry.shape + (isFlat ? [1, 1] : []), [entry], as: type))
            }
        }
        return try tensors + textTensors(&leftOut)
    }

    private func textTensors(_ leftOut: inout [String]) throws -> [OutgoingTensor] {
        let entries = Dictionary(
            try source.weights("text_encoder").entries.map {
                (DiffusersNames.text($0.key), $0.value)
            }, uniquingKeysWith: { first, _ in first })
        guard try source.members("text_encoder")["hidden_act"] as? String == "gelu" else {
            return entries.map {
                OutgoingTensor("cond_stage_model.transformer." + $0, $1.shape, [$1], as: type)
            }
        }
        return OpenCLIPTower(entries).tensors(as: type, &leftOut)
    }
}

extension ModelConversion.Outcome {
    mutating func count(_ written: [OutgoingTensor]) {
        tensors += written.count
        cast += written.count(where: \.isCast)
        leftOut.sort()
    }
}

extension ModelSource {
    /// The members of a component's configuration.
    func members(_ component: String) throws -> [String: Any] {
        let json = try configuration(component)
        guard let members = try? JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw CheckpointError.malformed(
                path: url.path(percentEncoded: false), format: "JSON",
                reason: "the configuration of \(component) is no object")
        }
        return members
    }
}
