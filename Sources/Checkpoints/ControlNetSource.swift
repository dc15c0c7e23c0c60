public import Foundation
import Tensors

/// A ControlNet on disk: a folder with its configuration and weights, or a safetensors file under
/// diffusers' names or the original repository's, alone or with the model it was trained with; also a control
/// LoRA or differences, which are added to the model's own UNet.
///
/// What a file does not say of itself is taken to be as in the model it is used with.
public struct ControlNetSource: Sendable {
    /// Where it is.
    public let url: URL
    /// The JSON of its configuration, under diffusers' names.
    public let configuration: Data
    private let tensors: @Sendable () throws -> Weights

    /// - Parameter base: the model it is used with.
    /// - Throws: `CheckpointError` when it cannot be read or is another thing.
    public init(_ url: URL, beside base: any ModelSource) throws {
        let url = try LooseComponent.file(inFolder: url, "controlnet") ?? url
        self.url = url
        var isFolder: ObjCBool = false
        let path = url.path(percentEncoded: false)
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
        {
            let folder = try ModelFolder(url.deletingLastPathComponent())
            let name = url.lastPathComponent
            configuration = try folder.configuration(name)
            tensors = { try folder.weights(name) }
            return
        }
        let file = try Safetensors(contentsOf: url)
        let prefix = Self.prefix(in: file.names) ?? ""
        try Self.refuseRelatives(file, behind: prefix)
        if file.names.contains(ControlLoRA.mark) {
            let names = try Self.names(beside: base)
            let weights: @Sendable () throws -> Weights = {
                try ControlLoRA.weights(file, naming: names, over: base.weights("unet"))
            }
            configuration = try Self.configuration(of: weights().entries, url, beside: base)
            tensors = weights
            return
        }
        let entries = try Self.entries(file, behind: prefix, beside: base)
        configuration = try Self.configuration(of: entries, url, beside: base)
        let isDifference = ["", prefix].contains { file.entries[$0 + Self.difference] != nil }
        tensors = {
            guard isDifference else { return Weights(entries, file: file.path) }
            return try Self.weights(adding: entries, to: base.weights("unet"), file: file.path)
        }
    }

    /// The tensor that marks a network whose weights are differences to those of the UNet that it was copied
    /// from (Mikubill, 2023).
    private static let difference = "difference"

    /// The network that differences and a model's own UNet make.
    private static func weights(
        adding entries: [String: Safetensors.Entry], to unet: Weights, file: String
    ) throws -> Weights {
        let shapes = unet.shapes
        var own: [String: Safetensors.Entry] = [:]
        var changes: [String: [any WeightChange]] = [:]
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) where name != difference {
            guard ControlLoRA.isCopied(name), let shape = shapes[name] else {
                own[name] = entry
                continue
            }
            guard entry.shape.reduce(1, *) == shape.reduce(1, *), entry.shape.first == shape.first
            else {
                throw CheckpointError.addOnOfAnotherFamily(
                    path: file, family: nil,
                    reason: "\(shown(name, upTo: 60)) is a difference of shape \(entry.shape), the "
                        + "model's has \(shape)")
            }
            changes[name] = [Difference(difference: try entry.checked(in: file), scale: 1)]
        }
        // Some UNets have parts that no ControlNet has, as distilled ones for their guidance.
        return unet.overlaid(by: own, adding: changes, file: file) { changes[$0] != nil }
    }

    /// Its weights under diffusers' names.
    /// - Throws: `CheckpointError`.
    public func weights() throws -> Weights { try tensors() }

    /// Networks that steer a UNet in other ways, by names that only they have.
    private static let relatives: [(name: String, what: String)] = [
        ("lllite_unet", "is a ControlNet-LLLite"),
        ("task_embedding", "is a union ControlNet"),
        ("control_add_embedding", "is a union ControlNet"),
        ("ctrl_to_base", "is a ControlNet-XS"),
        ("down_blocks.0.ctrl_to_base", "is a ControlNet-XS"),
        ("adapter.body.", "is a T2I-Adapter"),
        ("adapter.channel_unshuffle", "is a T2I-Adapter"),
        ("body.0.", "is a T2I-Adapter"),
        ("ip_adapter.", "is an IP-Adapter"), ("brushnet_down_blocks.", "is a BrushNet"),
        ("controlnet_x_embedder.", "is a ControlNet for a diffusion transformer"),
        ("transformer_blocks.", "is a ControlNet for a diffusion transformer"),
    ]

    private static func refuseRelatives(_ file: Safetensors, behind prefix: String) throws {
        let found = relatives.first { relative in
            file.names.contains {
                $0.hasPrefix(relative.name) || $0.hasPrefix(prefix + relative.name)
            }
        }
        guard let found else { return }
        throw CheckpointError.unusableAddOn(
            path: file.path, what: found.what,
            hint: "give a ControlNet of Stable Diffusion 1, 2 or XL")
    }

    /// What the names of the network's tensors begin with, such as `control_model.`: the shortest there is;
    /// nil where there is no such network.
    private static func prefix(in names: [String]) -> String? {
        let marks = ["controlnet_cond_embedding.conv_in.weight", "input_hint_block.0.weight"]
        return names.compactMap { name in
            marks.first { name == $0 || name.hasSuffix("." + $0) }
                .map { String(name.dropLast($0.count)) }
        }.min { ($0.count, $0) < ($1.count, $1) }
    }

    /// The tensors under diffusers' names, whatever the file's are.
    private static func entries(
        _ file: Safetensors, behind prefix: String, beside base: any ModelSource
    ) throws -> [String: Safetensors.Entry] {
        let part = LDMPart(file, prefix).withoutLeftovers
        if part.has("controlnet_cond_embedding.conv_in.weight") { return part.entries }
        guard part.has("input_hint_block.0.weight"), part.has("input_blocks.0.0.weight") else {
            throw CheckpointError.unusableAddOn(
                path: file.path,
                what: KnownContents.guess(file.entries).map { "looks like \($0)" }
                    ?? "holds something else",
                hint: "give a ControlNet of Stable Diffusion 1, 2 or XL")
        }
        let names = try names(beside: base)
        return part.entries.renamed { name, _ in names(name).map { ($0, 0) } ?? (name, 1) }
    }

    /// diffusers' names for the original repository's, of a copy of the model's UNet.
    private static func names(
        beside base: any ModelSource
    ) throws -> @Sendable (String) -> String? {
        let own = LDMNames.controlNet
        let shared = LDMNames.unet(diffusers: try base.weights("unet").entries.keys)
        return { own($0) ?? shared($0) }
    }

    /// The configuration of the model's UNet, with what the tensors show.
    private static func configuration(
        of entries: [String: Safetensors.Entry], _ url: URL, beside base: any ModelSource
    ) throws -> Data {
        var members = try base.members("unet")
        let levels = (members["block_out_channels"] as? [Any])?.count ?? 4
        members["_class_name"] = "ControlNetModel"
        members["in_channels"] = entries["conv_in.weight"]?.shape.dropFirst().first ?? 4
        members["down_block_types"] = (0..<levels).map { level in
            let scope = "down_blocks.\(level).attentions."
            return entries.keys.contains { $0.hasPrefix(scope) }
                ? "CrossAttnDownBlock2D" : "DownBlock2D"
        }
        if entries["time_embedding.cond_proj.weight"] == nil {
            members["time_cond_proj_dim"] = nil
        }
        members["conditioning_embedding_out_channels"] = pictureChannels(entries)
        // Only the file's name shows it, to other programs too: the network reads shuffled pictures and steers
        // by means.
        if url.lastPathComponent.lowercased().contains("shuffle") {
            members["global_pool_conditions"] = true
        }
        return try JSONSerialization.data(withJSONObject: members, options: .sortedKeys)
    }

    private static func pictureChannels(_ entries: [String: Safetensors.Entry]) -> [Int] {
        let scope = "controlnet_cond_embedding"
        let names =
            ["\(scope).conv_in.weight"]
            + (0..<16).map { "\(scope).blocks.\(2 * $0 + 1).weight" }
        return names.compactMap { entries[$0]?.shape.first }
    }
}

extension LDMNames {
    /// What a ControlNet has beyond a UNet's way down.
    fileprivate static var controlNet: KeyMap {
        let embedding = "controlnet_cond_embedding"
        let hints = [0: "conv_in", 14: "conv_out"].merging(
            (0..<6).map { (2 * $0 + 2, "blocks.\($0)") }
        ) { first, _ in first }
        return KeyMap(
            hints.map {
                KeyMap.Rule(scope: "input_hint_block.\($0.key)", target: "\(embedding).\($0.value)")
            }
                + (0..<64).map {
                    KeyMap.Rule(
                        scope: "zero_convs.\($0).0", target: "controlnet_down_blocks.\($0)")
                } + [
                    KeyMap.Rule(scope: "middle_block_out.0", target: "controlnet_mid_block")
                ])
    }
}
