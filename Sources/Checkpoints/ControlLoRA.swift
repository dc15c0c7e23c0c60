import Tensors

/// A control LoRA: a ControlNet as what is to be added to the model's own UNet, in thin products, with what
/// it has of its own (Stability AI 2023).
///
/// Its names are the original repository's, without a prefix: `input_blocks.1.1.proj_in.up` and `.down`
/// change the weight of that layer, `zero_convs.0.0.weight` is its own.
enum ControlLoRA {
    /// The tensor that marks such a file.
    static let mark = "lora_controlnet"

    /// The parts of a UNet that a ControlNet is a copy of.
    private static let copied = [
        "conv_in.", "time_embedding.", "add_embedding.", "down_blocks.", "mid_block.",
    ]

    /// Whether a UNet's tensor is of a part that a ControlNet is a copy of.
    static func isCopied(_ name: String) -> Bool { copied.contains { name.hasPrefix($0) } }

    /// The weights of the network, under diffusers' names.
    ///
    /// - Parameters:
    ///   - file: the LoRA.
    ///   - rename: its names as diffusers has them; nil for others.
    ///   - unet: the model's, with what LoRAs add to it.
    /// - Throws: `CheckpointError` for a file that does not fit the model or is damaged.
    static func weights(
        _ file: Safetensors, naming rename: (String) -> String?, over unet: Weights
    ) throws -> Weights {
        var own: [String: Safetensors.Entry] = [:]
        var changes: [String: [any WeightChange]] = [:]
        let (up, down, shapes) = (".up", ".down", unet.shapes)
        for (name, entry) in file.entries where name != mark {
            if name.hasSuffix(down) {
                guard file.entries[name.dropLast(down.count) + up] == nil else { continue }
                throw CheckpointError.malformed(
                    path: file.path, format: "control LoRA",
                    reason: "\(shown(name, upTo: 60)) has no counterpart up")
            }
            guard name.hasSuffix(up) else {
                guard let there = rename(name) else {
                    throw CheckpointError.unknownAddOnKeys(
                        path: file.path, names: [name], of: file.names.count)
                }
                own[there] = entry
                continue
            }
            let layer = String(name.dropLast(up.count))
            guard let there = rename(layer + ".weight"), let weight = shapes[there] else {
                throw CheckpointError.addOnOfAnotherFamily(
                    path: file.path, family: nil,
                    reason: "the model has no layer \(shown(layer, upTo: 60))")
            }
            changes[there] = [
                try change(up: entry, down: file.entries[layer + down], of: weight, layer, file)
            ]
        }
        return unet.overlaid(by: own, adding: changes, file: file.path, keeping: isCopied)
    }

    private static func change(
        up: Safetensors.Entry, down: Safetensors.Entry?, of weight: [Int], _ layer: String,
        _ file: Safetensors
    ) throws -> LowRankChange {
        func fault(_ reason: String) -> CheckpointError {
            .malformed(
                path: file.path, format: "control LoRA",
                reason: "\(shown(layer, upTo: 60)) \(reason)")
        }
        guard let down else { throw fault("has no counterpart down") }
        guard let rank = down.shape.first, rank > 0, up.shape.count > 1, up.shape[1] == rank else {
            throw fault("has ranks that differ: down is \(down.shape), up is \(up.shape)")
        }
        func count(_ shape: [Int]) -> Int { shape.reduce(1, *) }
        let rows = weight.first ?? 1
        guard count(up.shape) == rows * rank,
            count(down.shape) == rank * (count(weight) / max(rows, 1))
        else {
            throw CheckpointError.addOnOfAnotherFamily(
                path: file.path, family: nil,
                reason: "\(shown(layer, upTo: 60)) is for other sizes than \(weight)")
        }
        return LowRankChange(
            down: try down.checked(in: file.path), up: try up.checked(in: file.path), mid: nil,
            rank: rank, scale: 1)
    }
}
