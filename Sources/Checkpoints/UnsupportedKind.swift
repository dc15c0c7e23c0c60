/// Checkpoints that look like those that are read, and whose networks read or predict something else.
enum UnsupportedKind {
    /// Tensors that only they have, by the beginning of their names.
    private static let marks: [(name: String, what: String)] = [
        ("edm_mean", "a checkpoint that predicts as EDM does (Playground 2.5)"),
        ("edm_vpred.", "a checkpoint that predicts as EDM does (CosXL)"),
        ("noise_augmentor.", "a checkpoint of Stable unCLIP"),
        ("depth_model.", "a checkpoint that reads depth"),
        ("model.diffusion_model.label_emb.weight", "a checkpoint that enlarges pictures"),
        ("conditioner.embedders.0.open_clip.", "a checkpoint of Stable Video Diffusion"),
    ]
    /// Channels of inputs that are not read.
    private static let inputs = [
        5: "a checkpoint that reads depth", 7: "a checkpoint that enlarges pictures",
    ]

    /// What stands beside weights of numbers that are not floats, by the end of a name.
    private static let quantizers: [(end: String, what: String)] = [
        (".SCB", "quantized to 8 bits by bitsandbytes"),
        (".absmax", "quantized to 4 bits by bitsandbytes"),
        ("._data", "quantized by quanto"), (".qweight", "quantized to 4 bits"),
    ]

    /// - Throws: `CheckpointError.unsupportedModel` for a file of quantized weights.
    static func refuseQuantized(_ names: [String], path: String) throws {
        // No file has so many tensors that others would come first.
        for name in names.prefix(4096) {
            guard let found = quantizers.first(where: { name.hasSuffix($0.end) }) else { continue }
            throw CheckpointError.unsupportedModel(
                path: path, what: found.what, hint: "take a version with floats of 8 or 16 bits")
        }
    }

    /// - Parameter lead: what is in front of all names.
    /// - Throws: `CheckpointError.unsupportedModel` for a file of such a kind.
    static func refuse(_ file: Safetensors, behind lead: String) throws {
        let name = lead + "model.diffusion_model.input_blocks.0.0.weight"
        let channels = file.entries[name].flatMap { $0.shape.count == 4 ? $0.shape[1] : nil }
        // No model has so many tensors that others would come first.
        let names = file.names.prefix(20_000)
        let mark = marks.first { mark in
            names.contains { $0.hasPrefix(mark.name) || $0.hasPrefix(lead + mark.name) }
        }
        if let found = mark?.what ?? channels.flatMap({ inputs[$0] }) {
            throw CheckpointError.unsupportedModel(path: file.path, what: found)
        }
    }
}
