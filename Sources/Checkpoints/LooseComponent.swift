public import Foundation
import Tensors

/// One component of a model, from a place of its own: a folder with its configuration and weights, the
/// same folder of a whole model, or a safetensors file with these weights alone or among others, under
/// diffusers' names or the original repository's.
///
/// What a file does not say of itself is taken to be as in the model it is used with.
public struct LooseComponent: ModelSource {
    /// where it lies
    public let url: URL
    /// what it is
    public let layout = "component"
    /// a component says nothing of the kind
    public let isStandIn = false
    /// a component says nothing of the kind
    public let zeroesEmptyPrompt = false

    private let component: String
    private let json: Data
    private let tensors: @Sendable () throws -> Weights

    /// - Parameters:
    ///   - component: `unet` or `vae`.
    ///   - base: the model it is used with.
    /// - Throws: `CheckpointError` when it cannot be read or is another thing.
    public init(_ url: URL, as component: String, beside base: any ModelSource) throws {
        (self.url, self.component) = (url, component)
        var isFolder: ObjCBool = false
        let path = url.path(percentEncoded: false)
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
        {
            let inside = ModelFolder.exists(url.appending(path: component))
            let folder = try ModelFolder(inside ? url : url.deletingLastPathComponent())
            let name = inside ? component : url.lastPathComponent
            json = try folder.configuration(name)
            tensors = { try folder.weights(name) }
            return
        }
        let file = try Safetensors(contentsOf: url)
        let entries = try Self.entries(file, component)
        let weights = Weights(entries, file: file.path)
        tensors = { Weights(entries, file: file.path) }
        let isTiny = component == "vae" && weights.contains("decoder.layers")
        json =
            isTiny
            ? Data("{\"_class_name\":\"AutoencoderTiny\"}".utf8)
            : try Self.adapted(base.configuration(component), to: weights)
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

    /// The component's tensors under diffusers' names, whatever the file's are.
    private static func entries(
        _ file: Safetensors, _ component: String
    ) throws -> [String: Safetensors.Entry] {
        if component == "vae", let tiny = try tinyEntries(file) { return tiny }
        let prefix = component == "unet" ? "model.diffusion_model." : "first_stage_model."
        let isPart = file.names.contains { $0.hasPrefix(prefix) }
        let part = LDMPart(file, isPart ? prefix : "")
        if component == "unet", part.has("input_blocks.0.0.weight") {
            return mapped(part, try LDMNames.unet(LDMUNetShape(part)))
        }
        if component == "vae", part.has("encoder.down.0.block.0.conv1.weight") {
            let shape = try LDMAutoencoderShape(part)
            return mapped(
                part,
                LDMNames.autoencoder(levels: shape.channels.count, layers: shape.layers))
        }
        guard part.has(component == "unet" ? "conv_in.weight" : "decoder.conv_in.weight") else {
            throw CheckpointError.unusableAddOn(
                path: file.path,
                what: KnownContents.guess(file.entries).map { "looks like \($0)" }
                    ?? "holds something else",
                hint: "give a file or folder with \(component == "unet" ? "a UNet" : "a VAE")")
        }
        return part.entries
    }

    private static func mapped(_ part: LDMPart, _ map: KeyMap) -> [String: Safetensors.Entry] {
        Dictionary(part.entries.map { (map($0.key) ?? $0.key, $0.value) }) { first, _ in first }
    }

    /// TAESD's: as diffusers has them, or the bare numbers of the original's `…_decoder` file, the
    /// `…_encoder` beside it. The original's decoder counts the clamp at its beginning as a layer.
    private static func tinyEntries(_ file: Safetensors) throws -> [String: Safetensors.Entry]? {
        if file.entries["decoder.layers.0.weight"] != nil { return file.entries }
        let name = URL(filePath: file.path).lastPathComponent
        let isEncoder = file.entries["0.weight"] != nil
        guard isEncoder || file.entries["1.weight"] != nil else { return nil }
        let other = name.replacing(
            isEncoder ? "encoder" : "decoder", with: isEncoder ? "decoder" : "encoder")
        let place = URL(filePath: file.path).deletingLastPathComponent().appending(path: other)
        let twin =
            other != name && ModelFolder.exists(place) ? try Safetensors(contentsOf: place) : nil
        guard let decoder = isEncoder ? twin : file else {
            throw CheckpointError.missingFile(
                folder: place.deletingLastPathComponent().path(percentEncoded: false),
                tried: [other], hint: "TAESD comes in two files")
        }
        var entries: [String: Safetensors.Entry] = [:]
        for (key, entry) in decoder.entries {
            let parts = key.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let index = Int(parts[0]) else { return nil }
            entries["decoder.layers.\(index - 1).\(parts[1])"] = entry
        }
        for (key, entry) in (isEncoder ? file : twin)?.entries ?? [:] {
            entries["encoder.layers.\(key)"] = entry
        }
        return entries
    }

    /// The base's configuration with the channels that a UNet's own tensors show.
    private static func adapted(_ json: Data, to weights: Weights) throws -> Data {
        guard let shape = weights.shape("conv_in.weight"), shape.count == 4,
            var members = try JSONSerialization.jsonObject(with: json) as? [String: Any]
        else { return json }
        members["in_channels"] = shape[1]
        return try JSONSerialization.data(withJSONObject: members, options: .sortedKeys)
    }
}
