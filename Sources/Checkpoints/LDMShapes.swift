/// The tensors of one part of a single-file checkpoint, under their names within it.
struct LDMPart {
    let path: String
    let entries: [String: Safetensors.Entry]
    /// With its dot; it is cut off the names.
    let prefix: String

    init(_ file: Safetensors, _ prefix: String) {
        path = file.path
        self.prefix = prefix
        entries = Dictionary(
            file.entries.keys.filter { $0.hasPrefix(prefix) }.compactMap { name in
                file.entries[name].map { (String(name.dropFirst(prefix.count)), $0) }
            }
        ) { first, _ in first }
    }

    /// The same without what training has left beside an autoencoder: its loss, averages, optimizer.
    var ofAutoencoder: LDMPart {
        let roots = ["encoder.", "decoder.", "quant_conv.", "post_quant_conv."]
        return LDMPart(
            path: path,
            entries: entries.filter { entry in roots.contains { entry.key.hasPrefix($0) } },
            prefix: prefix)
    }

    /// The same without what training has left beside a network, and parts of the model it was trained with.
    var withoutLeftovers: LDMPart {
        let roots = [
            "model_ema.", "ema.", "optimizer", "lr_scheduler", "loss.", "first_stage_model.",
            "cond_stage_model.", "conditioner.", "model.diffusion_model.",
        ]
        return LDMPart(
            path: path,
            entries: entries.filter { entry in !roots.contains { entry.key.hasPrefix($0) } },
            prefix: prefix)
    }

    private init(path: String, entries: [String: Safetensors.Entry], prefix: String) {
        (self.path, self.entries, self.prefix) = (path, entries, prefix)
    }

    func has(_ name: String) -> Bool { entries[name] != nil }

    /// The shape of a tensor that there must be, of at least `rank` dimensions.
    func shape(_ name: String, rank: Int) throws -> [Int] {
        guard let entry = entries[name] else {
            throw CheckpointError.missingTensor(
                path: path, tensor: prefix + name, first: entries.values.map(\.name).min(),
                count: entries.count, guess: nil)
        }
        guard entry.shape.count >= rank, !entry.shape.contains(0) else {
            throw CheckpointError.wrongShape(
                path: path, tensor: prefix + name, expected: Array(repeating: 1, count: rank),
                found: entry.shape)
        }
        return entry.shape
    }

    /// How many numbers in a row, from 0 on, give the name of a tensor.
    func count(_ name: (Int) -> String) -> Int {
        var count = 0
        while has(name(count)) { count += 1 }
        return count
    }
}

/// What the shapes of a UNet of the original repository say.
struct LDMUNetShape {
    struct Level {
        var channels = 0
        var layers = 0
        /// transformer blocks in each transformer, on the way down; none without attention
        var depth = 0
        var upAttends = false
    }

    let inChannels: Int
    let outChannels: Int
    let contextChannels: Int
    let midAttends: Bool
    /// width of what Stable Diffusion XL gets with the time; nil in others
    let addedInputs: Int?
    /// width of the embedding of the guidance scale; nil where there is none
    let guidanceChannels: Int?
    /// finest first
    private(set) var levels: [Level] = []

    init(_ unet: LDMPart) throws {
        inChannels = try unet.shape("input_blocks.0.0.weight", rank: 4)[1]
        outChannels = try unet.shape("out.2.weight", rank: 4)[0]
        let attention = "middle_block.1.transformer_blocks.0.attn2.to_k.weight"
        midAttends = unet.has(attention)
        addedInputs = try ["label_emb.0.0.weight"].first(where: unet.has)
            .map { try unet.shape($0, rank: 2)[1] }
        guidanceChannels = try ["time_embed.cond_proj.weight"].first(where: unet.has)
            .map { try unet.shape($0, rank: 2)[1] }
        let key = unet.entries.keys.filter { $0.hasSuffix(".attn2.to_k.weight") }.min()
        contextChannels = try unet.shape(key ?? attention, rank: 2)[1]

        var level = Level()
        var place = 1
        while true {
            let block = "input_blocks.\(place)"
            if unet.has(block + ".0.in_layers.2.weight") {
                level.channels = try unet.shape(block + ".0.in_layers.2.weight", rank: 4)[0]
                level.layers += 1
                level.depth = Self.depth(unet, block)
            } else {
                if level.layers > 0 { levels.append(level) }
                guard unet.has(block + ".0.op.weight") else { break }
                level = Level()
            }
            place += 1
        }
        guard !levels.isEmpty else {
            _ = try unet.shape("input_blocks.1.0.in_layers.2.weight", rank: 4)
            return
        }
        var differs =
            unet.has("middle_block.0.in_layers.2.weight")
            && !unet.has("middle_block.2.in_layers.2.weight")
        place = 0
        for index in levels.indices.reversed() {
            let blocks = place...place + levels[index].layers
            let depths = blocks.filter { unet.has("output_blocks.\($0).0.in_layers.2.weight") }
                .map { Self.depth(unet, "output_blocks.\($0)") }
            levels[index].upAttends = (depths.first ?? 0) > 0
            let usual = levels[index].upAttends ? max(levels[index].depth, 1) : 0
            differs = differs || depths.contains { $0 != usual }
            place += levels[index].layers + 1
        }
        if differs {
            throw CheckpointError.unsupportedModel(
                path: unet.path,
                what: "a smaller UNet whose ways down and up differ in depth, such as SSD-1B")
        }
    }

    private static func depth(_ unet: LDMPart, _ block: String) -> Int {
        unet.count { "\(block).1.transformer_blocks.\($0).norm1.weight" }
    }
}

/// What the shapes of an autoencoder of the original repository say.
struct LDMAutoencoderShape {
    let channels: [Int]
    let layers: Int
    let latentChannels: Int
    let midAttends: Bool
    let usesQuantConv: Bool
    let usesPostQuantConv: Bool

    init(_ vae: LDMPart) throws {
        layers = vae.count { "encoder.down.0.block.\($0).conv1.weight" }
        let levels = vae.count { "encoder.down.\($0).block.0.conv1.weight" }
        channels = try (0..<max(levels, 1)).map {
            try vae.shape("encoder.down.\($0).block.0.conv1.weight", rank: 4)[0]
        }
        latentChannels = try vae.shape("decoder.conv_in.weight", rank: 4)[1]
        midAttends = vae.has("encoder.mid.attn_1.norm.weight")
        usesQuantConv = vae.has("quant_conv.weight")
        usesPostQuantConv = vae.has("post_quant_conv.weight")
    }
}

/// What the shapes of a text encoder say, CLIP's own or OpenCLIP's.
struct LDMTextShape {
    let vocabularySize: Int
    let hiddenSize: Int
    let maxPositions: Int
    let intermediateSize: Int
    /// layers that are used: OpenCLIP's last is only for embeddings of whole texts
    let layers: Int
    /// width of the embedding of a whole text
    private(set) var projectionSize = 512

    init(clip text: LDMPart) throws {
        let root = text.has("text_model.embeddings.token_embedding.weight") ? "text_model." : ""
        let table = try text.shape(root + "embeddings.token_embedding.weight", rank: 2)
        (vocabularySize, hiddenSize) = (table[0], table[1])
        maxPositions = try text.shape(root + "embeddings.position_embedding.weight", rank: 2)[0]
        intermediateSize = try text.shape(root + "encoder.layers.0.mlp.fc1.weight", rank: 2)[0]
        layers = text.count { "\(root)encoder.layers.\($0).mlp.fc1.weight" }
    }

    /// - Parameter pools: whether the embedding of the whole text is wanted.
    init(openCLIP text: LDMPart, pools: Bool) throws {
        let table = try text.shape("token_embedding.weight", rank: 2)
        (vocabularySize, hiddenSize) = (table[0], table[1])
        maxPositions = try text.shape("positional_embedding", rank: 2)[0]
        intermediateSize = try text.shape("transformer.resblocks.0.mlp.c_fc.weight", rank: 2)[0]
        let count = text.count { "transformer.resblocks.\($0).mlp.c_fc.weight" }
        // Programs that have only the 23 layers of Stable Diffusion 2 that are used write no more.
        let isWhole = pools || count == 23
        layers = max(isWhole ? count : count - 1, 0)
        guard pools else { return }
        // As a matrix of the original, or turned by 90 degrees as a linear layer.
        projectionSize =
            text.has("text_projection.weight")
            ? try text.shape("text_projection.weight", rank: 2)[0]
            : try text.shape("text_projection", rank: 2)[1]
    }
}
