public import Foundation
import Tensors

/// A Stable Diffusion 1 or 2 checkpoint in one safetensors file, under the names of the original
/// repository. Its configurations follow from the tensors' names and shapes, and from the family where
/// shapes do not tell: heads, groups and activations.
public struct SingleFile: ModelSource {
    /// where the model lies
    public let url: URL
    /// the layout, in words
    public let layout = "single file"
    /// a file says nothing of the kind
    public let isStandIn = false
    /// a file holds none
    public let tokenizer: URL? = nil

    private let file: Safetensors
    private let unet: LDMPart
    private let vae: LDMPart
    private let text: LDMPart
    private let unetShape: LDMUNetShape
    private let vaeShape: LDMAutoencoderShape
    private let textShape: LDMTextShape
    /// whether it is Stable Diffusion 2, which has OpenCLIP's text encoder
    private let isSecond: Bool

    private static let openCLIP = "cond_stage_model.model."
    private static let clip = "cond_stage_model.transformer."

    /// - Throws: `CheckpointError` when the file cannot be read or is another thing than such a
    ///   checkpoint.
    public init(_ url: URL) throws {
        self.url = url
        file = try Safetensors(contentsOf: url)
        let names = file.names
        isSecond = names.contains { $0.hasPrefix(Self.openCLIP) }
        let textPrefix = isSecond ? Self.openCLIP : Self.clip
        let parts = ["model.diffusion_model.", "first_stage_model.", textPrefix]
        if let prefix = parts.first(where: { part in !names.contains { $0.hasPrefix(part) } }) {
            throw CheckpointError.notAModel(
                path: file.path, missing: prefix + "…", guess: KnownContents.guess(file.entries))
        }
        unet = LDMPart(file, parts[0])
        vae = LDMPart(file, parts[1])
        text = LDMPart(file, parts[2])
        unetShape = try LDMUNetShape(unet)
        vaeShape = try LDMAutoencoderShape(vae)
        textShape = isSecond ? try LDMTextShape(openCLIP: text) : try LDMTextShape(clip: text)
    }

    /// What its texts are padded with: Stable Diffusion 2 has its own way.
    public var paddingToken: String? { isSecond ? "!" : "<|endoftext|>" }

    /// Whether the model has that component.
    public func contains(_ component: String) -> Bool {
        ["unet", "vae", "text_encoder", "scheduler"].contains(component)
    }

    /// The JSON of a component's configuration.
    /// - Throws: `CheckpointError.missingFile` for a component there is not.
    public func configuration(_ component: String) throws -> Data {
        let members: [String: Any] =
            switch component {
            case "unet": unetConfiguration
            case "vae": vaeConfiguration
            case "text_encoder": textConfiguration
            case "scheduler": schedulerConfiguration
            default: throw missing(component)
            }
        return try JSONSerialization.data(withJSONObject: members, options: .sortedKeys)
    }

    /// The weights of a component under diffusers' names. Tensors that have none keep theirs.
    /// - Throws: `CheckpointError.missingFile` for a component there is not.
    public func weights(_ component: String) throws -> Weights {
        switch component {
        case "unet": weights(unet, LDMNames.unet(unetShape))
        case "vae":
            weights(
                vae,
                LDMNames.autoencoder(
                    levels: vaeShape.channels.count, layers: vaeShape.layers))
        case "text_encoder" where isSecond:
            weights(
                text, LDMNames.tower(layers: textShape.layers),
                entries: openCLIPEntries(text.entries, layers: textShape.layers))
        case "text_encoder": Weights(text.entries, file: file.path)
        default: throw missing(component)
        }
    }

    var metadata: [String: String] { file.metadata }

    /// All tensors, under the file's names.
    var everyEntry: [String: Safetensors.Entry] { file.entries }

    /// The names of the tensors that belong to no part of the model that is used.
    public var foreignNames: [String] {
        let used =
            [unet, vae].flatMap { $0.entries.values.map(\.name) }
            + (isSecond ? openCLIPEntries(text.entries, layers: textShape.layers) : text.entries)
            .values.map(\.name)
        return Set(file.names).subtracting(used).sorted()
    }

    private func weights(
        _ part: LDMPart, _ map: KeyMap, entries: [String: Safetensors.Entry]? = nil
    ) -> Weights {
        let named = (entries ?? part.entries).map { (map($0.key) ?? $0.value.name, $0.value) }
        return Weights(Dictionary(named) { first, _ in first }, file: file.path)
    }

    private func missing(_ component: String) -> CheckpointError {
        .missingFile(folder: file.path, tried: [component], hint: nil)
    }
}

extension SingleFile {
    private var unetConfiguration: [String: Any] {
        let levels = unetShape.levels
        return [
            "in_channels": unetShape.inChannels, "out_channels": unetShape.outChannels,
            "block_out_channels": levels.map(\.channels),
            "layers_per_block": levels.map(\.layers),
            "cross_attention_dim": unetShape.contextChannels,
            "transformer_layers_per_block": levels.map { max($0.depth, 1) },
            "attention_head_dim": levels.map { isSecond ? max($0.channels / 64, 1) : 8 },
            "norm_num_groups": groups(levels.map(\.channels)),
            "mid_block_type": unetShape.midAttends
                ? "UNetMidBlock2DCrossAttn" : "UNetMidBlock2D",
            "down_block_types": levels.map {
                $0.depth > 0 ? "CrossAttnDownBlock2D" : "DownBlock2D"
            },
            "up_block_types": levels.reversed().map {
                $0.upAttends ? "CrossAttnUpBlock2D" : "UpBlock2D"
            },
            "sample_size": predictsVelocity ? 96 : 64,
        ]
    }

    private var vaeConfiguration: [String: Any] {
        let channels = vaeShape.channels
        return [
            "block_out_channels": channels, "layers_per_block": vaeShape.layers,
            "latent_channels": vaeShape.latentChannels, "norm_num_groups": groups(channels),
            "mid_block_add_attention": vaeShape.midAttends,
            "use_quant_conv": vaeShape.usesQuantConv,
            "use_post_quant_conv": vaeShape.usesPostQuantConv,
            "down_block_types": channels.map { _ in "DownEncoderBlock2D" },
            "up_block_types": channels.map { _ in "UpDecoderBlock2D" },
        ]
    }

    private var textConfiguration: [String: Any] {
        [
            "vocab_size": textShape.vocabularySize, "hidden_size": textShape.hiddenSize,
            "max_position_embeddings": textShape.maxPositions,
            "intermediate_size": textShape.intermediateSize,
            "num_hidden_layers": textShape.layers,
            "num_attention_heads": max(textShape.hiddenSize / 64, 1),
            "hidden_act": isSecond ? "gelu" : "quick_gelu",
        ]
    }

    private var schedulerConfiguration: [String: Any] {
        [
            "_class_name": "PNDMScheduler", "beta_schedule": "scaled_linear",
            "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1, "clip_sample": false,
            "set_alpha_to_one": false, "skip_prk_steps": true,
            "prediction_type": predictsVelocity ? "v_prediction" : "epsilon",
        ]
    }

    /// As many groups as divide all of these, at most the 32 of every published model.
    private func groups(_ channels: [Int]) -> Int {
        channels.reduce(32) { divisor, count in
            var (a, b) = (divisor, count)
            while b > 0 { (a, b) = (b, a % b) }
            return a
        }
    }

    /// Whether the UNet predicts velocity, which no shape tells. It is said, in this order, by the
    /// file's metadata (the ModelSpec standard), by a tensor called `v_pred`, by the original
    /// configuration beside the file (`NAME.yaml`); else, as ComfyUI tells it, by how much the biases
    /// of the last normalization of a Stable Diffusion 2 differ.
    private var predictsVelocity: Bool { prediction.isVelocity }

    /// how it is known what the UNet predicts
    public var predictionReason: String { prediction.reason }

    private var prediction: (isVelocity: Bool, reason: String) {
        for key in ["modelspec.prediction_type", "modelspec.predict_key"] {
            if let said = file.metadata[key] {
                return (said.hasPrefix("v"), "its metadata says so (\(key))")
            }
        }
        if file.entries["v_pred"] != nil { return (true, "it has a tensor v_pred") }
        let beside = url.deletingPathExtension().appendingPathExtension("yaml")
        if let yaml = try? Data(contentsOf: beside, upTo: 1 << 20) {
            let text = String(decoding: yaml, as: UTF8.self).filter { !"\"' ".contains($0) }
            let reason = "\(beside.lastPathComponent) beside it says so"
            if text.contains("parameterization:v") { return (true, reason) }
            if text.contains("model:") { return (false, reason) }
        }
        guard isSecond, unetShape.inChannels == 4 else { return (false, "usual for its kind") }
        let spread = biasSpread
        return (
            spread > 0.09,
            "a guess by how much the biases of the last transformer differ, \(spread); 0.09 parts"
        )
    }

    /// The standard deviation of the biases of the last transformer's first normalization.
    private var biasSpread: Float {
        let last = unetShape.levels.reduce(-1) { $0 + $1.layers + 1 }
        let name = "output_blocks.\(last).1.transformer_blocks.0.norm1.bias"
        guard let values = unet.entries[name]?.stored?.widened().values, !values.isEmpty else {
            return 0
        }
        let mean = values.reduce(0, +) / Float(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Float(values.count)).squareRoot()
    }
}

/// The tensors of OpenCLIP's text tower that are used: query, key and value apart, which lie one after
/// another in one tensor; without the last layer and the projection.
private func openCLIPEntries(
    _ entries: [String: Safetensors.Entry], layers: Int
) -> [String: Safetensors.Entry] {
    var result: [String: Safetensors.Entry] = [:]
    for (name, entry) in entries {
        if ["text_projection", "logit_scale", "attn_mask"].contains(name)
            || name.hasPrefix("text_projection.")
            || name.hasPrefix("transformer.resblocks.\(layers).")
        {
            continue
        }
        if name == "positional_embedding" {
            result[name + ".weight"] = entry
        } else if let cut = name.range(of: ".attn.in_proj_"), let thirds = entry.rows(in: 3) {
            for (third, letter) in zip(thirds, ["q", "k", "v"]) {
                let scope = name[..<cut.lowerBound]
                result["\(scope).attn.\(letter)_proj.\(name[cut.upperBound...])"] = third
            }
        } else {
            result[name] = entry
        }
    }
    return result
}
