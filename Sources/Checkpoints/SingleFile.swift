public import Foundation
import Tensors

/// A Stable Diffusion 1, 2 or XL checkpoint in one safetensors file, under the names of the original
/// repository. Its configurations follow from the tensors' names and shapes, and from the family where
/// shapes do not tell: heads, groups and activations.
public struct SingleFile: ModelSource {
    /// where the model is
    public let url: URL
    /// the layout, in words
    public let layout = "single file"
    /// only a file made from a folder says so
    public var isStandIn: Bool { embedded.isStandIn }
    /// only a file made from a folder has some
    public var ownSettings: [String: [String: String]] { embedded.ownSettings }
    /// as in every published Stable Diffusion XL, unless the file says otherwise
    public var zeroesEmptyPrompt: Bool { embedded.zeroesEmptyPrompt }

    private let file: Safetensors
    private let unet: LDMPart
    private let vae: LDMPart
    /// the text encoders by component
    private let texts: [String: LDMPart]
    private let unetShape: LDMUNetShape
    /// nil where the VAE comes from elsewhere
    private let vaeShape: LDMAutoencoderShape?
    private let textShapes: [String: LDMTextShape]
    private let kind: Kind
    private let embedded: EmbeddedConfigurations

    /// Which text encoders there are.
    private enum Kind {
        case first, second, xl, refiner

        /// - Parameter lead: what is in front of all names.
        init(_ entries: TensorTable, behind lead: String) {
            func holds(_ prefix: String) -> Bool { entries.hasPrefix(lead + prefix) }
            if holds("conditioner.embedders.1.model.") {
                self = .xl
            } else if holds("conditioner.embedders.0.model.") {
                self = .refiner
            } else if holds("cond_stage_model.model.") {
                self = .second
            } else {
                // The UNet alone shows that a file without text encoders is of XL.
                let isXL = holds("model.diffusion_model.label_emb.") && !holds("cond_stage_model.")
                self = isXL ? .xl : .first
            }
        }

        /// Where the encoders' tensors are.
        var prefixes: [String: String] {
            switch self {
            case .first: ["text_encoder": "cond_stage_model.transformer."]
            case .second: ["text_encoder": "cond_stage_model.model."]
            case .xl:
                [
                    "text_encoder": "conditioner.embedders.0.transformer.",
                    "text_encoder_2": "conditioner.embedders.1.model.",
                ]
            case .refiner: ["text_encoder_2": "conditioner.embedders.0.model."]
            }
        }

        /// Whether an encoder is OpenCLIP's.
        func isOpenCLIP(_ encoder: String) -> Bool {
            encoder == "text_encoder_2" || self == .second
        }

        /// Whether it is Stable Diffusion XL or its refiner.
        var isXL: Bool { self == .xl || self == .refiner }
    }

    /// - Parameter supplied: components that come from elsewhere, so that the file may lack them: `vae`.
    /// - Throws: `CheckpointError` when the file cannot be read or is another thing than such a
    ///   checkpoint.
    public init(_ url: URL, supplied: Set<String> = []) throws {
        try self.init(try Safetensors(contentsOf: url), at: url, supplied: supplied)
    }

    init(_ file: Safetensors, at url: URL, supplied: Set<String> = []) throws {
        self.url = url
        self.file = file
        embedded = try EmbeddedConfigurations(file.metadata, path: file.path)
        let lead = Self.lead(of: file.entries)
        try UnsupportedKind.refuse(file, behind: lead)
        let kind = Kind(file.entries, behind: lead)
        self.kind = kind
        func place(_ prefix: String) -> String { Self.place(lead + prefix, in: file.entries) }
        let unetPrefix = place(Self.unetPrefix)
        let vaePrefix =
            ["first_stage_model.", "vae."].map(place).first { file.entries.hasPrefix($0) }
            ?? place("first_stage_model.")
        let prefixes = kind.prefixes.mapValues(place)
        let needed = [unetPrefix] + prefixes.values.sorted()
        if let prefix = needed.first(where: { !file.entries.hasPrefix($0) }) {
            throw CheckpointError.notAModel(
                path: file.path, missing: prefix + "…",
                guess: Self.guess(file.entries, without: prefix == unetPrefix ? "UNet" : nil))
        }
        unet = LDMPart(file, unetPrefix)
        vae = LDMPart(file, vaePrefix).ofAutoencoder
        let isSupplied = supplied.contains("vae")
        if !isSupplied { try Self.requireWhole(vae, vaePrefix) }
        let texts = prefixes.mapValues { [file] in LDMPart(file, $0) }
        self.texts = texts
        unetShape = try LDMUNetShape(unet)
        // What its own VAE lacks does not count where another one is used.
        vaeShape = isSupplied ? try? LDMAutoencoderShape(vae) : try LDMAutoencoderShape(vae)
        textShapes = try Dictionary(
            uniqueKeysWithValues: texts.map { encoder, text in
                (
                    encoder,
                    kind.isOpenCLIP(encoder)
                        ? try LDMTextShape(openCLIP: text, pools: kind.isXL)
                        : try LDMTextShape(clip: text)
                )
            })
    }

    private static let unetPrefix = "model.diffusion_model."

    /// What programs that train on several cards, or save more than a model, put in front of all names.
    private static func lead(of entries: TensorTable) -> String {
        guard !entries.hasPrefix(unetPrefix) else { return "" }
        let mark = Array(("." + unetPrefix).utf8)
        // No model has so many tensors that others would come first.
        for name in entries.keys.prefix(20_000) {
            let bytes = name.utf8
            guard bytes.count < 512,
                let place = bytes.indices.first(where: {
                    bytes[$0] == mark[0] && bytes[$0...].starts(with: mark)
                })
            else { continue }
            let lead = String(name[...place])
            // The text encoder has it, too, or it is no lead of a model.
            return ["cond_stage_model.", "conditioner.embedders."]
                .contains { entries.hasPrefix(lead + $0) } ? lead : ""
        }
        return ""
    }

    /// The beginning of a part's names, with what compiling the part adds.
    private static func place(_ prefix: String, in entries: TensorTable) -> String {
        let compiled = prefix + "_orig_mod."
        return entries.hasPrefix(compiled) ? compiled : prefix
    }

    /// What a file looks like that lacks a part: not a checkpoint of the kind that it was taken for.
    private static func guess(_ entries: TensorTable, without part: String?) -> String? {
        let guess = KnownContents.guess(entries)
        let isWhole = ["Stable Diffusion", "SDXL"].contains {
            guess?.hasPrefix("a single-file " + $0) == true
        }
        return isWhole ? "a checkpoint without its \(part ?? "text encoder")" : guess
    }

    private static func requireWhole(_ vae: LDMPart, _ prefix: String) throws {
        for (part, component) in [
            ("", "VAE"), ("decoder.", "decoder of a VAE"), ("encoder.", "encoder of a VAE"),
        ] where !vae.entries.keys.contains(where: { $0.hasPrefix(part) }) {
            throw CheckpointError.missingPart(
                path: vae.path, component: component, missing: prefix + part)
        }
    }

    /// nil: a file holds none
    public func tokenizer(for encoder: String) -> URL? { nil }

    /// What its texts are padded with: OpenCLIP's encoders have their own way.
    public func paddingToken(for encoder: String) -> String? {
        kind.isOpenCLIP(encoder) ? "!" : "<|endoftext|>"
    }

    /// Whether the model has that component.
    public func contains(_ component: String) -> Bool {
        component == "vae"
            ? vaeShape != nil
            : ["unet", "scheduler"].contains(component) || texts[component] != nil
    }

    /// The JSON of a component's configuration.
    /// - Throws: `CheckpointError.missingFile` for a component there is not.
    public func configuration(_ component: String) throws -> Data {
        if let mapped = embedded.configuration(component) { return mapped }
        let members: [String: Any] =
            switch component {
            case "unet": unetConfiguration
            case "vae": try vaeConfiguration
            case "scheduler": schedulerConfiguration
            default: try textConfiguration(component)
            }
        return try JSONSerialization.data(withJSONObject: members, options: .sortedKeys)
    }

    /// The weights of a component under diffusers' names. Tensors that have none keep theirs.
    /// - Throws: `CheckpointError.missingFile` for a component there is not.
    public func weights(_ component: String) throws -> Weights {
        switch component {
        case "unet": return weights(unet, LDMNames.unet(unetShape))
        case "vae":
            guard let vaeShape else { throw missing(component) }
            return weights(
                vae,
                LDMNames.autoencoder(
                    levels: vaeShape.channels.count, layers: vaeShape.layers))
        default: return try textWeights(component)
        }
    }

    private func textWeights(_ component: String) throws -> Weights {
        guard let text = texts[component], let shape = textShapes[component] else {
            throw missing(component)
        }
        let entries = usedEntries(component, shape)
        guard kind.isOpenCLIP(component) else {
            return Weights(entries, file: file.path) { text.prefix + $0 }
        }
        return weights(
            text, LDMNames.tower(layers: shape.layers), entries: entries,
            ownName: OpenCLIPTower.ownName)
    }

    /// Whether a configuration follows from names and shapes, not from the file's metadata.
    func derives(_ component: String) -> Bool { embedded.configuration(component) == nil }

    var metadata: [String: String] { file.metadata }

    /// All tensors, under the file's names.
    var everyEntry: TensorTable { file.entries }

    /// The names of the tensors that belong to no part of the model that is used.
    public var foreignNames: [String] {
        let used =
            [unet, vae].flatMap { $0.entries.values.map(\.name) }
            + textShapes.flatMap { component, shape in
                usedEntries(component, shape).values.map(\.name)
            }
        return Set(file.names).subtracting(used).sorted()
    }

    /// The tensors of a text encoder that are used, under the names of its part.
    private func usedEntries(
        _ component: String, _ shape: LDMTextShape
    ) -> [String: Safetensors.Entry] {
        let entries = texts[component]?.entries ?? [:]
        return kind.isOpenCLIP(component)
            ? openCLIPEntries(entries, layers: shape.layers, pools: kind.isXL)
            : entries.filter { !Self.isBesideText($0.key) }
    }

    /// Whether a tensor of a whole CLIP model is of no use to its text encoder: those of its vision encoder,
    /// and the projections of both.
    private static func isBesideText(_ name: String) -> Bool {
        ["vision_model.", "visual_projection.", "text_projection", "logit_scale"]
            .contains { name.hasPrefix($0) }
    }

    /// - Parameter ownName: the part's name for a tensor by the name that the map back has.
    private func weights(
        _ part: LDMPart, _ map: KeyMap, entries: [String: Safetensors.Entry]? = nil,
        ownName: @escaping @Sendable (String) -> String = { $0 }
    ) -> Weights {
        let named = (entries ?? part.entries).renamed { map.ranked($0) ?? ($1.name, 2) }
        let prefix = part.prefix
        return Weights(named, file: file.path) { name in
            map.inverse(name).map { prefix + ownName($0) } ?? name
        }
    }

    private func missing(_ component: String) -> CheckpointError {
        .missingFile(folder: file.path, tried: [component], hint: nil)
    }
}

extension SingleFile {
    private var unetConfiguration: [String: Any] {
        let levels = unetShape.levels
        let hasSmallHeads = kind != .first
        let common: [String: Any] = [
            "in_channels": unetShape.inChannels, "out_channels": unetShape.outChannels,
            "block_out_channels": levels.map(\.channels),
            "layers_per_block": levels.map(\.layers),
            "cross_attention_dim": unetShape.contextChannels,
            "transformer_layers_per_block": levels.map { max($0.depth, 1) },
            "attention_head_dim": levels.map { hasSmallHeads ? max($0.channels / 64, 1) : 8 },
            "norm_num_groups": commonGroups(levels.map(\.channels)),
            "mid_block_type": unetShape.midAttends
                ? "UNetMidBlock2DCrossAttn" : "UNetMidBlock2D",
            "down_block_types": levels.map {
                $0.depth > 0 ? "CrossAttnDownBlock2D" : "DownBlock2D"
            },
            "up_block_types": levels.reversed().map {
                $0.upAttends ? "CrossAttnUpBlock2D" : "UpBlock2D"
            },
            "sample_size": kind.isXL ? 128 : predictsVelocity ? 96 : 64,
        ]
        let mapped = unetShape.guidanceChannels.map { ["time_cond_proj_dim": $0] } ?? [:]
        return common.merging(mapped) { $1 }.merging(addedConfiguration) { $1 }
    }

    /// What Stable Diffusion XL gets with the time: the embedding of the prompt and six sizes; the
    /// refiner gets five numbers.
    private var addedConfiguration: [String: Any] {
        guard let inputs = unetShape.addedInputs, let text = textShapes["text_encoder_2"] else {
            return [:]
        }
        let numbers = kind == .refiner ? 5 : 6
        return [
            "addition_embed_type": "text_time", "projection_class_embeddings_input_dim": inputs,
            "addition_time_embed_dim": max((inputs - text.projectionSize) / numbers, 1),
        ]
    }

    private var vaeConfiguration: [String: Any] {
        get throws {
            guard let vaeShape else { throw missing("vae") }
            return configuration(vaeShape)
        }
    }

    private func configuration(_ vaeShape: LDMAutoencoderShape) -> [String: Any] {
        let channels = vaeShape.channels
        return [
            "block_out_channels": channels, "layers_per_block": vaeShape.layers,
            "scaling_factor": kind.isXL ? 0.13025 : 0.18215,
            "latent_channels": vaeShape.latentChannels, "norm_num_groups": commonGroups(channels),
            "mid_block_add_attention": vaeShape.midAttends,
            "use_quant_conv": vaeShape.usesQuantConv,
            "use_post_quant_conv": vaeShape.usesPostQuantConv,
            "down_block_types": channels.map { _ in "DownEncoderBlock2D" },
            "up_block_types": channels.map { _ in "UpDecoderBlock2D" },
        ]
    }

    private func textConfiguration(_ component: String) throws -> [String: Any] {
        guard let textShape = textShapes[component] else { throw missing(component) }
        return [
            "vocab_size": textShape.vocabularySize, "hidden_size": textShape.hiddenSize,
            "max_position_embeddings": textShape.maxPositions,
            "intermediate_size": textShape.intermediateSize,
            "num_hidden_layers": textShape.layers,
            "num_attention_heads": max(textShape.hiddenSize / 64, 1),
            "hidden_act": kind.isOpenCLIP(component) ? "gelu" : "quick_gelu",
            "projection_dim": textShape.projectionSize, "eos_token_id": 2,
        ]
    }

    private var schedulerConfiguration: [String: Any] {
        let spacing: [String: Any] = kind.isXL ? ["timestep_spacing": "leading"] : [:]
        let usual = kind.isXL ? "EulerDiscreteScheduler" : "PNDMScheduler"
        let name = unetShape.guidanceChannels == nil ? usual : "LCMScheduler"
        let common: [String: Any] = [
            "_class_name": name, "beta_schedule": "scaled_linear",
            "rescale_betas_zero_snr": file.entries["ztsnr"] != nil,
            "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1, "clip_sample": false,
            "set_alpha_to_one": false, "skip_prk_steps": true,
            "prediction_type": predictsVelocity ? "v_prediction" : "epsilon",
        ]
        return common.merging(spacing) { $1 }
    }

    /// Whether the UNet predicts velocity, which no shape tells. It is said, in this order, by the
    /// file's metadata (the ModelSpec standard), by a tensor called `v_pred`, by the original
    /// configuration beside the file (`NAME.yaml`); else, as ComfyUI tells it, by how much the biases
    /// of a normalization in the last transformer of a Stable Diffusion 2 differ.
    private var predictsVelocity: Bool { prediction.isVelocity }

    /// how it is known what the UNet predicts
    public var predictionReason: String {
        derives("scheduler")
            ? prediction.reason
            : "its metadata says so (\(EmbeddedConfigurations.key("scheduler")))"
    }

    private var prediction: (isVelocity: Bool, reason: String) {
        for key in ["modelspec.prediction_type", "modelspec.predict_key"] {
            if let said = file.metadata[key] {
                return (said.hasPrefix("v"), "its metadata says so (\(key))")
            }
        }
        if file.entries["v_pred"] != nil { return (true, "it has a tensor v_pred") }
        let beside = url.deletingPathExtension().appendingPathExtension("yaml")
        if let yaml = try? Data(contentsOf: beside, upTo: 1 << 20) {
            // Comments say nothing.
            let lines = String(decoding: yaml, as: UTF8.self).split(whereSeparator: \.isNewline)
                .map { $0.prefix { $0 != "#" }.filter { !"\"' ".contains($0) } }
            let reason = "\(beside.lastPathComponent) beside it says so"
            if lines.contains(where: { $0.contains("parameterization:v") }) {
                return (true, reason)
            }
            if lines.contains(where: { $0.contains("model:") }) { return (false, reason) }
        }
        guard kind == .second, unetShape.inChannels == 4 else {
            return (false, "usual for its kind")
        }
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
/// another in one tensor; without the last layer and the projection unless it `pools`.
private func openCLIPEntries(
    _ entries: [String: Safetensors.Entry], layers: Int, pools: Bool
) -> [String: Safetensors.Entry] {
    var result: [String: Safetensors.Entry] = [:]
    for (name, entry) in entries {
        let isProjection = name == "text_projection" || name.hasPrefix("text_projection.")
        if ["logit_scale", "attn_mask"].contains(name) || isProjection && !pools
            || name.hasPrefix("visual.") || name.hasPrefix("transformer.resblocks.\(layers).")
        {
            continue
        }
        if name == "text_projection" {
            result[name + ".transposed"] = entry
        } else if name == "positional_embedding" {
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
