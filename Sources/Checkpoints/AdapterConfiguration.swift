import Foundation

/// What diffusers (`lora_adapter_metadata` in a file) or PEFT (`adapter_config.json` beside it) say of the
/// strength of a LoRA without alphas.
struct AdapterConfiguration: Sendable {
    private let values: [String: JSONValue]
    /// What errors call the place.
    private let path: String
    /// For each component that has layers of another strength, these.
    private let patterns: [String: Patterns]

    /// Layers of another strength than the rest, by the end of their names.
    private struct Patterns {
        /// The place of each name among all, and what the name has: the first that fits a layer counts.
        var alphas: [String: (place: Int, alpha: Double)] = [:]
        /// Names that must fit from their beginning.
        var whole: [String: (place: Int, alpha: Double)] = [:]

        /// The alpha of a layer; nil where no name fits.
        func alpha(of layer: String) -> Double? {
            var found = whole[layer].map { [$0] } ?? []
            var end = layer[...]
            while true {
                if let own = alphas[String(end)] { found.append(own) }
                guard let dot = end.firstIndex(of: ".") else { break }
                end = end[end.index(after: dot)...]
            }
            return found.min { $0.place < $1.place }?.alpha
        }
    }

    private static let metadataKey = "lora_adapter_metadata"
    private static let components = ["unet", "text_encoder", "text_encoder_2", "transformer"]

    /// - Returns: nil where nothing is said.
    /// - Throws: `CheckpointError` for what cannot be read: without it the strength would be a guess.
    init?(of file: Safetensors, at url: URL) throws {
        if let text = file.metadata[Self.metadataKey] {
            try self.init(Array(text.utf8), path: "\(file.path): its \(Self.metadataKey)")
            return
        }
        let beside = url.deletingLastPathComponent().appending(path: "adapter_config.json")
        guard url.lastPathComponent == "adapter_model.safetensors", ModelFolder.exists(beside)
        else { return nil }
        let data = try Data(contentsOf: beside, upTo: 1 << 20)
        try self.init(Array(data), path: beside.path(percentEncoded: false))
    }

    private init(_ text: [UInt8], path: String) throws {
        self.path = path
        guard let json = try? JSONValue(parsing: text), case .object(let members) = json else {
            throw Self.fault(path, "it says how strong the LoRA is, and cannot be read")
        }
        values = Dictionary(members.map { ($0.key, $0.value) }) { $1 }
        var patterns: [String: Patterns] = [:]
        for component in [""] + Self.components {
            let key = (component.isEmpty ? "" : component + ".") + "alpha_pattern"
            guard case .object(let own)? = values[key], !own.isEmpty else { continue }
            patterns[component] = try Self.patterns(own, path)
        }
        self.patterns = patterns
    }

    private static func patterns(_ members: [JSONValue.Member], _ path: String) throws -> Patterns {
        var patterns = Patterns()
        for (place, member) in members.enumerated() {
            guard case .number(let alpha) = member.value else {
                throw fault(path, "alpha_pattern of \(shown(member.key)) is no number")
            }
            // PEFT takes the names for regular expressions; programs write plain names.
            let name = String(member.key.trimmingPrefix("^"))
            guard !name.contains(where: { "*+?()[]{}|\\^$".contains($0) }) else {
                let what = "is a regular expression, which is not read"
                throw fault(path, "alpha_pattern \(shown(member.key)) \(what)")
            }
            if name == member.key {
                patterns.alphas[name] = patterns.alphas[name] ?? (place, alpha)
            } else {
                patterns.whole[name] = patterns.whole[name] ?? (place, alpha)
            }
        }
        return patterns
    }

    /// alpha / rank, or alpha / √rank, for a layer; 1 where nothing is said.
    ///
    /// - Parameters:
    ///   - component: what the layer belongs to.
    ///   - layer: its name in the component.
    func scale(_ component: String, _ layer: String, rank: Int) throws -> Float {
        func value(_ name: String) -> JSONValue? { values["\(component).\(name)"] ?? values[name] }
        let own = (patterns[component] ?? patterns[""])?.alpha(of: layer)
        let alpha: Double
        switch own.map(JSONValue.number) ?? value("lora_alpha") ?? value("alpha") {
        case .number(let number): alpha = number
        case nil, .null: return 1
        default: throw Self.fault(path, "its alpha is no number")
        }
        let usesRoot = value("use_rslora") == .flag(true)
        return Float(alpha) / (usesRoot ? Float(rank).squareRoot() : Float(rank))
    }

    private static func fault(_ path: String, _ reason: String) -> CheckpointError {
        .malformed(path: path, format: "adapter configuration", reason: reason)
    }
}
