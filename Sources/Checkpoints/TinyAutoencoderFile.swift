import Foundation

/// A file with one half of a tiny autoencoder or both (TAESD, O. Bohan, 2023), known by names and shapes.
///
/// diffusers calls the layers `decoder.layers.0`, the original `1`, in a file for each half whose
/// decoder counts the clamp at its beginning, or both in one file behind `decoder.` or
/// `taesd_decoder.`.
struct TinyAutoencoderFile: CustomStringConvertible {
    /// What the names of a half's tensors begin with, and the number of its first layer.
    struct Half {
        let prefix: String
        let first: Int
    }

    let encoder: Half?
    let decoder: Half?
    let latentChannels: Int

    private static let encoders = ["encoder.layers.", "taesd_encoder.", "encoder.", ""]
    private static let decoders = ["decoder.layers.", "taesd_decoder.", "decoder.", ""]

    /// - Parameters:
    ///   - names: of all tensors.
    ///   - shape: of a tensor by its name.
    init?(_ names: [String], shape: (String) -> [Int]?) {
        func isFirst(_ name: String) -> [Int]? { shape(name).flatMap { $0.count == 4 ? $0 : nil } }
        let encoder = Self.encoders.first { prefix in
            isFirst(prefix + "0.weight")?[1] == 3 && shape(prefix + "1.conv.0.weight") != nil
        }.map { Half(prefix: $0, first: 0) }
        let decoder = Self.decoders.flatMap {
            [Half(prefix: $0, first: 0), Half(prefix: $0, first: 1)]
        }
        .first { half in
            let latents = isFirst("\(half.prefix)\(half.first).weight")?[1] ?? 3
            return latents != 3
                && shape("\(half.prefix)\(half.first + 2).conv.0.weight") != nil
        }
        guard encoder != nil || decoder != nil else { return nil }
        (self.encoder, self.decoder) = (encoder, decoder)
        if let decoder, let first = shape("\(decoder.prefix)\(decoder.first).weight") {
            latentChannels = first[1]
        } else if let encoder {
            let numbers = names.filter { $0.hasPrefix(encoder.prefix) && $0.hasSuffix(".weight") }
                .compactMap { Int($0.dropFirst(encoder.prefix.count).dropLast(7)) }
            latentChannels =
                numbers.max().flatMap { shape("\(encoder.prefix)\($0).weight")?.first } ?? 0
        } else {
            latentChannels = 0
        }
    }

    init?(_ entries: TensorTable) {
        self.init(entries.keys) { entries[$0]?.shape }
    }

    var description: String {
        let what =
            encoder == nil
            ? "a tiny autoencoder's decoder"
            : decoder == nil ? "a tiny autoencoder's encoder" : "a tiny autoencoder"
        let models =
            switch latentChannels {
            case 4: ", for Stable Diffusion 1, 2 or XL"
            case 16: ", for Stable Diffusion 3 or FLUX.1"
            default: ""
            }
        return "\(what) (TAESD) with \(latentChannels) latent channels\(models)"
    }

    /// The tensors of both halves under diffusers' names.
    func entries(of file: Safetensors) -> [String: Safetensors.Entry] {
        var result: [String: Safetensors.Entry] = [:]
        for (half, name) in [(encoder, "encoder"), (decoder, "decoder")] {
            guard let half else { continue }
            for (key, entry) in file.entries where key.hasPrefix(half.prefix) {
                let rest = key.dropFirst(half.prefix.count)
                let parts = rest.split(separator: ".", maxSplits: 1)
                guard parts.count == 2, let number = Int(parts[0]), number >= half.first else {
                    continue
                }
                result["\(name).layers.\(number - half.first).\(parts[1])"] = entry
            }
        }
        return result
    }
}

extension TinyAutoencoderFile {
    /// The tensors of a tiny autoencoder under diffusers' names: of a file and, where that has one half,
    /// of the file beside it with the other's name; nil for other files.
    ///
    /// - Throws: `CheckpointError.missingFile` where there is an encoder without its decoder.
    static func entries(_ file: Safetensors) throws -> [String: Safetensors.Entry]? {
        guard let tiny = TinyAutoencoderFile(file.entries) else { return nil }
        let own = tiny.entries(of: file)
        guard (tiny.encoder == nil) != (tiny.decoder == nil) else { return own }
        let names = tiny.encoder == nil ? ("decoder", "encoder") : ("encoder", "decoder")
        let url = URL(filePath: file.path)
        let other = url.lastPathComponent.replacing(names.0, with: names.1)
        let place = url.deletingLastPathComponent().appending(path: other)
        if other != url.lastPathComponent, ModelFolder.exists(place) {
            let twin = try Safetensors(contentsOf: place)
            if let more = TinyAutoencoderFile(twin.entries) {
                try requireSameLatents([tiny, more], at: file.path)
                return own.merging(more.entries(of: twin)) { own, _ in own }
            }
        }
        guard tiny.decoder != nil else {
            throw CheckpointError.missingFile(
                folder: place.deletingLastPathComponent().path(percentEncoded: false),
                tried: [other], hint: "a tiny autoencoder comes in two files")
        }
        return own
    }

    /// The same of a folder that holds such files, whatever their names.
    ///
    /// - Returns: nil for a folder without any.
    /// - Throws: `CheckpointError.unusableAddOn` where there are several of a half, `.missingFile` where there
    ///   is an encoder without its decoder.
    static func entries(inFolder folder: URL) throws -> [String: Safetensors.Entry]? {
        let path = folder.path(percentEncoded: false)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        var halves: [String: [String]] = [:]
        var result: [String: Safetensors.Entry] = [:]
        var found: [TinyAutoencoderFile] = []
        for name in names.sorted() where name.hasSuffix(".safetensors") {
            guard let file = try? Safetensors(contentsOf: folder.appending(path: name)),
                let tiny = TinyAutoencoderFile(file.entries)
            else { continue }
            if tiny.encoder != nil { halves["encoder", default: []].append(name) }
            if tiny.decoder != nil { halves["decoder", default: []].append(name) }
            result.merge(tiny.entries(of: file)) { first, _ in first }
            found.append(tiny)
        }
        guard halves["decoder"] != nil else {
            guard let encoder = halves["encoder"]?.first else { return nil }
            throw CheckpointError.missingFile(
                folder: path, tried: [encoder.replacing("encoder", with: "decoder")],
                hint: "a tiny autoencoder comes in two files")
        }
        for (half, files) in halves.sorted(by: { $0.key < $1.key }) where files.count > 1 {
            throw CheckpointError.unusableAddOn(
                path: path,
                what: "holds \(files.count) tiny autoencoders' \(half)s, "
                    + files.prefix(2).joined(separator: ", ") + ", …", hint: "give one of the files"
            )
        }
        try requireSameLatents(found, at: path)
        return result
    }

    private static func requireSameLatents(_ halves: [TinyAutoencoderFile], at path: String) throws
    {
        guard let first = halves.first,
            let other = halves.first(where: { $0.latentChannels != first.latentChannels })
        else { return }
        throw CheckpointError.unusableAddOn(
            path: path,
            what: "is put together of halves for \(first.latentChannels) and for "
                + "\(other.latentChannels) latent channels",
            hint: "put the two files of one autoencoder beside each other")
    }
}
