import Foundation

extension ModelConversion {
    /// Writes the folder: configurations, weights, and the tokenizer if there is one.
    func writeFolder(_ url: URL) throws -> Outcome {
        var outcome = Outcome()
        let classes = [
            "unet": "UNet2DConditionModel", "vae": "AutoencoderKL",
            "text_encoder": "CLIPTextModel",
        ]
        var index: [String: Any] = ["_class_name": try pipeline]
        if source.isStandIn { index["_gesso_standin"] = true }
        for (component, name) in classes.sorted(by: { $0.key < $1.key }) {
            let folder = url.appending(path: component, directoryHint: .isDirectory)
            try make(folder)
            try save(try configuration(component, name), as: "config.json", in: folder)
            let isText = component == "text_encoder"
            let file = isText ? "model.safetensors" : "diffusion_pytorch_model.safetensors"
            let tensors = try folderTensors(component, &outcome.leftOut)
            try SafetensorsWriter(url: folder.appending(path: file), checkpoint: checkpoint)
                .write(tensors, metadata: ["format": "pt"])
            outcome.count(tensors)
            index[component] = [isText ? "transformers" : "diffusers", name]
        }
        if source.contains("scheduler") {
            let folder = url.appending(path: "scheduler", directoryHint: .isDirectory)
            try make(folder)
            let members = try source.members("scheduler")
            try save(members, as: "scheduler_config.json", in: folder)
            index["scheduler"] = ["diffusers", members["_class_name"] ?? "PNDMScheduler"]
        }
        if let tokenizer {
            try copy(tokenizer, to: url.appending(path: "tokenizer", directoryHint: .isDirectory))
            index["tokenizer"] = ["transformers", "CLIPTokenizer"]
        }
        for part in ["safety_checker", "feature_extractor"] {
            if source.contains(part) { outcome.leftOut.append(part + "/") }
            index[part] = [NSNull(), NSNull()]
        }
        try save(index, as: "model_index.json", in: url)
        outcome.leftOut.sort()
        return outcome
    }

    /// What diffusers would open it with.
    private var pipeline: String {
        get throws {
            if let named = (source as? ModelFolder)?.pipelineClassName { return named }
            switch try source.members("unet")["in_channels"] as? Int {
            case 9: return "StableDiffusionInpaintPipeline"
            case 8: return "StableDiffusionInstructPix2PixPipeline"
            default: return "StableDiffusionPipeline"
            }
        }
    }

    /// A configuration; of a single file with what diffusers asks beyond it.
    private func configuration(_ component: String, _ name: String) throws -> [String: Any] {
        var members = try source.members(component)
        guard source is SingleFile else { return members }
        switch component {
        case "text_encoder":
            members["architectures"] = [name]
            members["model_type"] = "clip_text_model"
        case "unet":
            members["_class_name"] = name
            let projection = try source.weights(component).entries.first {
                $0.key.hasSuffix(".proj_in.weight")
            }
            members["use_linear_projection"] = projection?.value.shape.count == 2
        default: members["_class_name"] = name
        }
        return members
    }

    private func folderTensors(
        _ component: String, _ leftOut: inout [String]
    ) throws -> [OutgoingTensor] {
        var tensors: [OutgoingTensor] = []
        for (name, entry) in try source.weights(component).entries {
            if source is SingleFile, name == entry.name {
                leftOut.append(name)
                continue
            }
            let told =
                switch component {
                case "vae": DiffusersNames.autoencoder(name)
                case "text_encoder": DiffusersNames.text(name)
                default: name
                }
            let isFlat =
                component == "vae" && entry.shape.count == 4
                && DiffusersNames.isProjection(told)
            let shape = isFlat ? Array(entry.shape.prefix(2)) : entry.shape
            tensors.append(OutgoingTensor(told, shape, [entry], as: type))
        }
        if let single = source as? SingleFile, component == "unet" {
            leftOut += single.foreignNames
        }
        return tensors
    }

    private func make(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw failed(folder)
        }
    }

    private func save(_ members: [String: Any], as name: String, in folder: URL) throws {
        let file = folder.appending(path: name)
        do {
            let json = try JSONSerialization.data(
                withJSONObject: members, options: [.prettyPrinted, .sortedKeys])
            try (json + Data("\n".utf8)).write(to: file)
        } catch {
            throw failed(file)
        }
    }

    /// The tokenizer's files. One that was found for a single file gets a note of what to pad with.
    private func copy(_ tokenizer: URL, to folder: URL) throws {
        try make(folder)
        let names = [
            "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
            "special_tokens_map.json", "added_tokens.json",
        ]
        for name in names {
            let file = tokenizer.appending(path: name)
            if ModelFolder.exists(file) {
                let target = folder.appending(path: name)
                do {
                    try Data(contentsOf: file, upTo: 64 << 20).write(to: target)
                } catch let error as CheckpointError {
                    throw error
                } catch {
                    throw failed(target)
                }
            }
        }
        guard let padding = source.paddingToken else { return }
        let end = "<|endoftext|>"
        let tokens = [
            "bos_token": "<|startoftext|>", "eos_token": end, "unk_token": end,
            "pad_token": padding,
        ]
        try save(tokens, as: "special_tokens_map.json", in: folder)
        let settings: [String: Any] = ["tokenizer_class": "CLIPTokenizer", "model_max_length": 77]
        let all = settings.merging(tokens) { first, _ in first }
        try save(all, as: "tokenizer_config.json", in: folder)
    }

    private func failed(_ file: URL) -> CheckpointError {
        .writeFailed(
            path: file.path(percentEncoded: false), reason: String(cString: strerror(errno)))
    }
}
