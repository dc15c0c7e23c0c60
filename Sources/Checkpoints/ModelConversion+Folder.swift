import Foundation

extension ModelConversion {
    /// Writes the folder: configurations, weights, and the tokenizers if there are any.
    func writeFolder(_ url: URL) throws -> Outcome {
        var outcome = Outcome()
        var index: [String: Any] = ["_class_name": try pipeline]
        for (key, flag) in (source as? ModelFolder)?.flags ?? [:] { index[key] = flag }
        if source.isStandIn { index[ModelIndex.standIn] = true }
        if !source.ownSettings.isEmpty {
            index[ModelIndex.settings] = ModelIndex.json(source.ownSettings)
        }
        if encoders.count > 1 { index["force_zeros_for_empty_prompt"] = source.zeroesEmptyPrompt }
        if isRefiner {
            index.merge(
                ["force_zeros_for_empty_prompt": false, "requires_aesthetics_score": true]) { $1 }
        }
        for component in ["unet", "vae"] + encoders + checkers {
            let isLater = component != "unet" && component != "vae"
            let folder = url.appending(path: component, directoryHint: .isDirectory)
            try make(folder)
            try save(try configuration(component), as: "config.json", in: folder)
            let file = isLater ? "model.safetensors" : "diffusion_pytorch_model.safetensors"
            let tensors = try folderTensors(component, &outcome.leftOut)
            try SafetensorsWriter(url: folder.appending(path: file), checkpoint: checkpoint)
                .write(tensors, metadata: ["format": "pt"])
            outcome.count(tensors)
            index[component] = [library(component), className(component)]
        }
        if source.contains("scheduler") {
            let folder = url.appending(path: "scheduler", directoryHint: .isDirectory)
            try make(folder)
            try save(
                try configuration("scheduler"), as: "scheduler_config.json", in: folder)
            let name = try source.members("scheduler")["_class_name"] ?? "PNDMScheduler"
            index["scheduler"] = ["diffusers", name]
        }
        for (encoder, tokenizer) in tokenizers {
            let name = encoder.replacing("text_encoder", with: "tokenizer")
            let folder = url.appending(path: name, directoryHint: .isDirectory)
            try copy(tokenizer, to: folder, padding: source.paddingToken(for: encoder))
            if let vocabulary = vocabularies[encoder] {
                try save(vocabulary, as: "vocab.json", in: folder)
            }
            index[name] = ["transformers", "CLIPTokenizer"]
        }
        try writeFeatureExtractor(in: url, &index)
        for part in ["safety_checker", "feature_extractor"] where index[part] == nil {
            if source.contains(part) { outcome.leftOut.append(part + "/") }
            if encoders == ["text_encoder"] { index[part] = [NSNull(), NSNull()] }
        }
        try save(index, as: "model_index.json", in: url)
        outcome.leftOut.sort()
        return outcome
    }

    /// The safety checker, where there is one whose weights can be read.
    private var checkers: [String] {
        ["safety_checker"].filter { source.contains($0) && (try? source.weights($0)) != nil }
    }

    /// What a safety checker prepares its pictures by.
    private func writeFeatureExtractor(in url: URL, _ index: inout [String: Any]) throws {
        let (part, name) = ("feature_extractor", "preprocessor_config.json")
        let file = (source as? ModelFolder)?.url(of: part).appending(path: name)
        guard let file, ModelFolder.exists(file) else { return }
        let folder = url.appending(path: part, directoryHint: .isDirectory)
        try make(folder)
        let settings = try Data(contentsOf: file, upTo: ModelFolder.largestConfiguration)
        try save(settings, as: name, in: folder)
        index[part] = [library(part), className(part)]
    }

    private func library(_ component: String) -> String {
        switch component {
        case "unet", "vae": "diffusers"
        case "safety_checker": "stable_diffusion"
        default: "transformers"
        }
    }

    /// diffusers' and transformers' words for a component.
    private func className(_ component: String) -> String {
        if let own = (source as? ModelFolder)?.componentClassNames[component] { return own }
        switch component {
        case "unet": return "UNet2DConditionModel"
        case "vae": return "AutoencoderKL"
        case "text_encoder": return "CLIPTextModel"
        case "safety_checker": return "StableDiffusionSafetyChecker"
        case "feature_extractor": return "CLIPImageProcessor"
        default: return "CLIPTextModelWithProjection"
        }
    }

    /// Whether it is the refiner of Stable Diffusion XL, which has the second text encoder alone.
    private var isRefiner: Bool { encoders == ["text_encoder_2"] }

    /// What diffusers would open it with.
    private var pipeline: String {
        get throws {
            if let named = (source as? ModelFolder)?.pipelineClassName { return named }
            if isRefiner { return "StableDiffusionXLImg2ImgPipeline" }
            let xl = encoders.count > 1 ? "XL" : ""
            switch try source.members("unet")["in_channels"] as? Int {
            case 9: return "StableDiffusion\(xl)InpaintPipeline"
            case 8: return "StableDiffusion\(xl)InstructPix2PixPipeline"
            default: return "StableDiffusion\(xl)Pipeline"
            }
        }
    }

    /// The JSON of a configuration as it is; of a single file with what diffusers asks beyond it.
    private func configuration(_ component: String) throws -> Data {
        guard let single = source as? SingleFile, single.derives(component) else {
            return try source.configuration(component)
        }
        var members = try source.members(component)
        if component.hasPrefix("text_encoder") {
            members["architectures"] = [className(component)]
            members["model_type"] = "clip_text_model"
        } else if component != "scheduler" {
            members["_class_name"] = className(component)
        }
        if component == "unet" {
            let projection = try source.weights(component).entries.first {
                $0.key.hasSuffix(".proj_in.weight")
            }
            members["use_linear_projection"] = projection?.value.shape.count == 2
        }
        return try Self.json(members)
    }

    private static func json(_ members: [String: Any]) throws -> Data {
        try JSONSerialization.data(withJSONObject: members, options: [.prettyPrinted, .sortedKeys])
            + Data("\n".utf8)
    }

    private func folderTensors(
        _ component: String, _ leftOut: inout [String]
    ) throws -> [OutgoingTensor] {
        var entries = try source.weights(component).entries
        if source is SingleFile {
            for (name, entry) in entries where name == entry.name {
                leftOut.append(name)
                entries[name] = nil
            }
        }
        if let single = source as? SingleFile, component == "unet" {
            leftOut += single.foreignNames
        }
        return Self.named(entries, of: component).map { folderTensor(component, $0, $1) }
    }

    private func folderTensor(
        _ component: String, _ name: String, _ entry: Safetensors.Entry
    ) -> OutgoingTensor {
        if name == "text_projection.transposed" {
            return OutgoingTensor(transposing: entry, "text_projection.weight", as: type)
        }
        let isFlat =
            component == "vae" && entry.shape.count == 4 && DiffusersNames.isProjection(name)
        let shape = isFlat ? Array(entry.shape.prefix(2)) : entry.shape
        return OutgoingTensor(name, shape, [entry], as: type)
    }

    private func make(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw failed(folder)
        }
    }

    private func save(_ members: [String: Any], as name: String, in folder: URL) throws {
        try save(try Self.json(members), as: name, in: folder)
    }

    private func save(_ data: Data, as name: String, in folder: URL) throws {
        let file = folder.appending(path: name)
        do { try data.write(to: file) } catch { throw failed(file) }
    }

    /// The tokenizer's files. One that was found for a single file gets a note of what to pad with.
    private func copy(_ tokenizer: URL, to folder: URL, padding: String?) throws {
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
        guard let padding else { return }
        let end = "<|endoftext|>"
        let tokens = [
            "bos_token": "<|startoftext|>", "eos_token": end, "unk_token": end,
            "pad_token": padding,
        ]
        try save(tokens, as: "special_tokens_map.json", in: folder)
        var settings: [String: Any] = ["tokenizer_class": "CLIPTokenizer", "model_max_length": 77]
        // Tokens beyond the vocabulary are in these settings alone.
        let (own, added) = ("tokenizer_config.json", "added_tokens_decoder")
        let copied = folder.appending(path: own)
        if ModelFolder.exists(copied) {
            let json = try? JSONSerialization.jsonObject(with: Data(contentsOf: copied))
            settings[added] = (json as? [String: Any])?[added]
        }
        let all = settings.merging(tokens) { first, _ in first }
        try save(all, as: own, in: folder)
    }

    private func failed(_ file: URL) -> CheckpointError {
        .writeFailed(
            path: file.path(percentEncoded: false), reason: String(cString: strerror(errno)))
    }
}
