public import Foundation
import Tensors

/// One component of a model, from a place of its own: a folder with its configuration and weights, the
/// same folder of a whole model, a folder with the files of a tiny autoencoder, or a safetensors file
/// with these weights alone or among others, under diffusers' names or the original repository's.
///
/// What a file does not say of itself is taken to be as in the model it is used with.
public struct LooseComponent: ModelSource {
    /// Where it is.
    public let url: URL
    /// What it is.
    public let layout = "component"
    /// A component says nothing of the kind.
    public let isStandIn = false
    /// A component says nothing of the kind.
    public let zeroesEmptyPrompt = false

    private let component: String
    private let json: Data
    private let tensors: @Sendable () throws -> Weights

    /// - Parameters:
    ///   - component: `unet` or `vae`.
    ///   - base: the model it is used with.
    /// - Throws: `CheckpointError` when it cannot be read, is another thing, or is a VAE for latents of
    ///   other channels than the model's.
    public init(_ url: URL, as component: String, beside base: any ModelSource) throws {
        let url = try Self.file(inFolder: url, component) ?? url
        (self.url, self.component) = (url, component)
        if let folder = try Self.folder(url, component) {
            json = try folder.source.configuration(folder.name)
            tensors = { try folder.source.weights(folder.name) }
        } else {
            let entries = try Self.entries(url, component)
            let path = url.path(percentEncoded: false)
            tensors = { Weights(entries, file: path) }
            if component == "unet" { try Self.checkContext(entries, path, base) }
            json = try Self.configuration(of: Weights(entries, file: path), component, base)
        }
        if component == "vae" { try Self.check(tensors(), json, for: base, url) }
    }

    /// It has none.
    public func tokenizer(for encoder: String) -> URL? { nil }
    /// It does not say.
    public func paddingToken(for encoder: String) -> String? { nil }
    /// Whether it is that component.
    public func contains(_ component: String) -> Bool { component == self.component }
    /// The JSON of its configuration.
    public func configuration(_ component: String) throws -> Data { json }
    /// Its weights under diffusers' names.
    public func weights(_ component: String) throws -> Weights { try tensors() }

    /// A folder in diffusers' layout with the component's name in it; nil for a file, or a folder with
    /// files of another kind.
    private static func folder(
        _ url: URL, _ component: String
    ) throws -> (source: ModelFolder, name: String)? {
        guard ModelFolder.isFolder(url) else { return nil }
        if ModelFolder.exists(url.appending(path: component)) {
            return (try ModelFolder(url), component)
        }
        let isBare = !ModelFolder.exists(url.appending(path: "config.json"))
        if isBare, component == "vae", try TinyAutoencoderFile.entries(inFolder: url) != nil {
            return nil
        }
        return (try ModelFolder(url.deletingLastPathComponent()), url.lastPathComponent)
    }

    /// The only file of weights in a folder that has no configuration; nil for other places.
    /// - Throws: `CheckpointError` where there is none, or more than one.
    static func file(inFolder url: URL, _ component: String) throws -> URL? {
        let configurations = ["config.json", "\(url.lastPathComponent)_config.json", component]
        guard ModelFolder.isFolder(url),
            !configurations.contains(where: { ModelFolder.exists(url.appending(path: $0)) }),
            try component != "vae" || TinyAutoencoderFile.entries(inFolder: url) == nil
        else { return nil }
        let path = url.path(percentEncoded: false)
        let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let weights = files.filter { $0.hasSuffix(".safetensors") }
        guard weights.count < 2 else {
            throw CheckpointError.unusableAddOn(
                path: path, what: "holds \(weights.count) files of weights and no config.json",
                hint: "give one of the files")
        }
        guard let only = weights.first else {
            throw CheckpointError.missingFile(
                folder: path, tried: ["config.json", ".safetensors file"],
                hint: ModelFolder.hint(url))
        }
        return url.appending(path: only)
    }

    /// The component's tensors under diffusers' names, whatever the file's are.
    private static func entries(
        _ url: URL, _ component: String
    ) throws -> [String: Safetensors.Entry] {
        if ModelFolder.isFolder(url) {
            return try TinyAutoencoderFile.entries(inFolder: url) ?? [:]
        }
        let file = try Safetensors(contentsOf: url)
        if component == "vae", let tiny = try TinyAutoencoderFile.entries(file) { return tiny }
        guard let prefix = prefix(of: component, in: file.names) else {
            throw CheckpointError.unusableAddOn(
                path: file.path,
                what: KnownContents.guess(file.entries).map { "looks like \($0)" }
                    ?? "holds something else",
                hint: "give a file or folder with \(component == "unet" ? "a UNet" : "a VAE")")
        }
        let part = LDMPart(file, prefix).withoutLeftovers
        guard component == "vae" else {
            return part.has("input_blocks.0.0.weight")
                ? mapped(part, try LDMNames.unet(LDMUNetShape(part))) : part.entries
        }
        let vae = part.ofAutoencoder
        guard vae.has("encoder.down.0.block.0.conv1.weight") else { return vae.entries }
        let shape = try LDMAutoencoderShape(vae)
        return mapped(
            vae, LDMNames.autoencoder(levels: shape.channels.count, layers: shape.layers))
    }

    /// What the names of the component's tensors begin with: the shortest there is, as averages of
    /// training have a longer one; nil where there is no such component.
    private static func prefix(of component: String, in names: [String]) -> String? {
        let marks =
            component == "vae"
            ? ["decoder.conv_in.weight"]
            : ["input_blocks.0.0.weight", "time_embedding.linear_1.weight"]
        return names.compactMap { name in
            marks.first { name == $0 || name.hasSuffix("." + $0) }
                .map { String(name.dropLast($0.count)) }
        }.min { ($0.count, $0) < ($1.count, $1) }
    }

    private static func mapped(_ part: LDMPart, _ map: KeyMap) -> [String: Safetensors.Entry] {
        part.entries.renamed { name, _ in map.ranked(name) ?? (name, 2) }
    }

    /// The base's configuration with what the component's own tensors show.
    private static func configuration(
        of weights: Weights, _ component: String, _ base: any ModelSource
    ) throws -> Data {
        if component == "vae", weights.contains("decoder.layers") {
            return Data("{\"_class_name\":\"AutoencoderTiny\"}".utf8)
        }
        var members: [String: Any] = [:]
        // A single file without a VAE may have its configuration all the same.
        if (try? base.configuration(component)) != nil { members = try base.members(component) }
        if component == "unet" {
            guard let shape = weights.shape("conv_in.weight"), shape.count == 4 else {
                return try base.configuration(component)
            }
            members["in_channels"] = shape[1]
            let guidance = weights.shape("time_embedding.cond_proj.weight")
            members["time_cond_proj_dim"] = guidance?.dropFirst().first
        } else {
            if members["scaling_factor"] == nil {
                members["scaling_factor"] = base.contains("text_encoder_2") ? 0.13025 : 0.18215
            }
            members["_class_name"] = "AutoencoderKL"
            members.merge(autoencoderMembers(weights, members)) { $1 }
        }
        return try JSONSerialization.data(withJSONObject: members, options: .sortedKeys)
    }

    /// A UNet must read text embeddings of the width that the model's own reads.
    private static func checkContext(
        _ entries: [String: Safetensors.Entry], _ path: String, _ base: any ModelSource
    ) throws {
        let name = entries.keys.filter { $0.hasSuffix(".attn2.to_k.weight") }.min()
        guard let found = name.flatMap({ entries[$0]?.shape.dropFirst().first }),
            let own = try? JSONValue(parsing: base.configuration("unet")),
            let needed = own["cross_attention_dim"]?.integer, needed != found
        else { return }
        throw CheckpointError.addOnOfAnotherFamily(
            path: path, family: nil,
            reason: "it reads text embeddings of width \(found), the model's UNet of \(needed)")
    }

    /// What an autoencoder's tensors show, under diffusers' names.
    private static func autoencoderMembers(
        _ weights: Weights, _ base: [String: Any]
    ) -> [String: Any] {
        var channels: [Int] = []
        while let shape = weights.shape(
            "encoder.down_blocks.\(channels.count).resnets.0.conv1.weight"), shape.count == 4,
            channels.count < 16
        {
            channels.append(shape[0])
        }
        guard !channels.isEmpty else { return [:] }
        let layers = (0..<64).first {
            !weights.contains("encoder.down_blocks.0.resnets.\($0)")
        }
        let groups = base["norm_num_groups"] as? Int ?? 32
        let divides = groups > 0 && channels.allSatisfy { $0.isMultiple(of: groups) }
        return [
            "block_out_channels": channels, "layers_per_block": layers ?? 1,
            "latent_channels": weights.shape("decoder.conv_in.weight")?.dropFirst().first ?? 4,
            "norm_num_groups": divides ? groups : commonGroups(channels),
            "mid_block_add_attention": weights.contains("encoder.mid_block.attentions"),
            "use_quant_conv": weights.contains("quant_conv"),
            "use_post_quant_conv": weights.contains("post_quant_conv"),
            "down_block_types": channels.map { _ in "DownEncoderBlock2D" },
            "up_block_types": channels.map { _ in "UpDecoderBlock2D" },
        ]
    }

    /// A VAE's latents must have the channels that the model's UNet makes.
    private static func check(
        _ weights: Weights, _ json: Data, for base: any ModelSource, _ url: URL
    ) throws {
        let first =
            weights.shape("decoder.layers.0.weight") ?? weights.shape("decoder.conv_in.weight")
        let unet = try JSONValue(parsing: base.configuration("unet"))
        let expected = unet["out_channels"]?.integer ?? 4
        if let found = first?.dropFirst().first, found != expected {
            throw CheckpointError.otherLatents(
                path: url.path(percentEncoded: false), found: found, expected: expected)
        }
    }
}

/// As many groups as divide all of these, at most the 32 of every published model.
func commonGroups(_ channels: [Int]) -> Int {
    channels.reduce(32) { divisor, count in
        var (a, b) = (divisor, count)
        while b > 0 { (a, b) = (b, a % b) }
        return a
    }
}
