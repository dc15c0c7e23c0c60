import Files
public import Foundation
public import Tensors

/// A model written anew: as a folder in diffusers' layout, or as a single file under the names of the
/// original repository. Tensors that keep their type keep their bytes.
///
/// Tensors of no part of the model (averages of training, schedules) go from file to file, and those
/// within a part from folder to folder; what the other layout has no name for is left out and reported.
/// A single file carries the folder's configurations in its metadata (`EmbeddedConfigurations`).
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
    let tokenizers: [String: URL]
    let vocabularies: [String: Data]
    let checkpoint: () throws -> Void

    /// - Parameters:
    ///   - type: of the numbers; nil leaves each its own.
    ///   - tokenizers: the folders of the tokenizers that a folder gets, by text encoder.
    ///   - vocabularies: the text of `vocab.json` where such a folder lacks it, by text encoder.
    ///   - checkpoint: called between any two tensors; what it throws ends the writing.
    public init(
        _ source: any ModelSource, as type: DataType? = nil, tokenizers: [String: URL] = [:],
        vocabularies: [String: Data] = [:], checkpoint: @escaping () throws -> Void = {}
    ) {
        (self.source, self.type, self.tokenizers) = (source, type, tokenizers)
        (self.vocabularies, self.checkpoint) = (vocabularies, checkpoint)
    }

    /// Whether a name is a single file's; else it is a folder's.
    public static func isFile(_ target: URL) -> Bool {
        String.weightEndings.contains(target.path(percentEncoded: false).pathEnding.lowercased())
    }

    /// Writes the model, whole or not at all: a single file if the name ends in `.safetensors` or `.sft`, else a
    /// folder. Nothing is ever overwritten.
    ///
    /// - Throws: `CheckpointError`.
    public func write(to url: URL) throws -> Outcome {
        let draft = try ConversionDraft(for: url)
        do {
            let outcome =
                switch draft {
                case .file(let draft): try writeFile(draft, named: url)
                case .folder(let draft): try writeFolder(draft.url)
                }
            try draft.publish()
            return outcome
        } catch {
            draft.discard()
            throw error
        }
    }

    /// The text encoders there are.
    var encoders: [String] { ["text_encoder", "text_encoder_2"].filter(source.contains) }

    private func writeFile(_ draft: FileDraft, named url: URL) throws -> Outcome {
        var outcome = Outcome()
        let tensors: [OutgoingTensor]
        var metadata = ["format": "pt"]
        if let single = source as? SingleFile {
            metadata = single.metadata
            if let type {
                // Scales beside numbers of 8 bits are of no use once these have another type.
                tensors = ScaledNumbers.applied(to: single.everyEntry.dictionary)
                    .map { OutgoingTensor($0, $1.shape, [$1], as: type) }
            } else {
                tensors = single.everyEntry.map { OutgoingTensor($0, $1.shape, [$1], as: nil) }
            }
        } else {
            tensors = try singleFileTensors(&outcome.leftOut)
            if source.contains("safety_checker") { outcome.leftOut.append("safety_checker/") }
            if try predictsVelocity() { metadata["modelspec.prediction_type"] = "v" }
            metadata.merge(try EmbeddedConfigurations.metadata(of: source)) { $1 }
        }
        try SafetensorsWriter(url: url, checkpoint: checkpoint)
            .write(tensors, metadata: metadata, in: draft.file)
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
        var tensors = named(
            unet, "model.diffusion_model.", LDMNames.unet(diffusers: unet.keys).inverse, &leftOut)
        tensors += try autoencoderTensors(&leftOut)
        for encoder in encoders { tensors += try textTensors(encoder, &leftOut) }
        return tensors
    }

    /// A component's tensors under the names that they have today, each once.
    static func named(
        _ entries: [String: Safetensors.Entry], of component: String
    ) -> [String: Safetensors.Entry] {
        switch component {
        case "vae":
            // Networks take the older of two names, too.
            return entries.renamed { name, _ in
                let new = DiffusersNames.autoencoder(name)
                return (new, new == name ? 1 : 0)
            }
        case "text_encoder", "text_encoder_2":
            return entries.renamed { name, _ in
                let new = DiffusersNames.text(name)
                return (new, new == name ? 0 : 1)
            }
        default: return entries
        }
    }

    private func autoencoderTensors(_ leftOut: inout [String]) throws -> [OutgoingTensor] {
        let entries = Self.named(try source.weights("vae").entries, of: "vae")
        func count(_ prefix: String, _ suffix: String) -> Int {
            entries.keys.count { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
        }
        let levels = count("encoder.down_blocks.", ".resnets.0.conv1.weight")
        guard levels > 0 else {
            throw CheckpointError.notConvertible(
                path: source.url.path(percentEncoded: false),
                reason: "a single file has no names for its kind of VAE")
        }
        let layers = count("encoder.down_blocks.0.resnets.", ".conv1.weight")
        let map = LDMNames.autoencoder(levels: levels, layers: layers).inverse
        return named(entries, "first_stage_model.", map, &leftOut)
    }

    /// Tensors by the other names; the projections of an autoencoder's attention are matrices here and
    /// convolutions of 1x1 there.
    private func named(
        _ entries: [String: Safetensors.Entry], _ prefix: String, _ map: KeyMap,
        _ leftOut: inout [String]
    ) -> [OutgoingTensor] {
        var tensors: [OutgoingTensor] = []
        for (name, entry) in entries {
            guard let mapped = map(name) else {
                leftOut.append(name)
                continue
            }
            let isFlat =
                prefix == "first_stage_model." && entry.shape.count == 2
                && DiffusersNames.isProjection(name)
            let shape = entry.shape + (isFlat ? [1, 1] : [])
            tensors.append(OutgoingTensor(prefix + mapped, shape, [entry], as: type))
        }
        return tensors
    }

    private func textTensors(
        _ encoder: String, _ leftOut: inout [String]
    ) throws -> [OutgoingTensor] {
        let entries = Self.named(try source.weights(encoder).entries, of: encoder)
        let isXL = source.contains("text_encoder_2")
        let isOpenCLIP = try source.members(encoder)["hidden_act"] as? String == "gelu"
        guard !isXL || isOpenCLIP == (encoder == "text_encoder_2") else {
            throw CheckpointError.notConvertible(
                path: source.url.path(percentEncoded: false),
                reason: "\(encoder) is not of the kind that Stable Diffusion XL has there")
        }
        let number = encoders.firstIndex(of: encoder) ?? 0
        let place = isXL ? "conditioner.embedders.\(number)" : "cond_stage_model"
        guard isOpenCLIP else {
            return entries.map {
                OutgoingTensor("\(place).transformer." + $0, $1.shape, [$1], as: type)
            }
        }
        return OpenCLIPTower(entries, prefix: place + ".model.", pools: isXL)
            .tensors(as: type, &leftOut)
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
                reason: "the configuration of \(component) is no object, or has a number that is "
                    + "too large")
        }
        return members
    }
}
