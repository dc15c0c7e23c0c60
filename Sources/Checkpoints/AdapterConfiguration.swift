import Foundation

/// What diffusers (`lora_adapter_metadata` in a file) or PEFT (`adapter_config.json` beside it) say of the
/// strength of a LoRA without alphas.
struct AdapterConfiguration: Sendable {
    private let values: [String: JSONValue]
    /// What errors call the place.
    private let path: String
    /// For each key of a component that has layers of another strength or rank, these, or why they cannot be
    /// read; ranks are seldom asked for.
    private let patterns: [String: Result<Patterns, any Error>]

    /// Layers of another strength or rank than the rest, by the end of their names.
    private struct Patterns {
        /// The place of each name among all, and what the name has: the first that fits a layer counts.
        var numbers: [String: (place: Int, number: Double)] = [:]
        /// Names that must fit from their beginning.
        var whole: [String: (place: Int, number: Double)] = [:]

        /// The number of a layer; nil where no name fits.
        func number(of layer: String) -> Double? {
            var found = whole[layer].map { [$0] } ?? []
            var end = layer[...]
            while true {
                if let own = numbers[String(end)] { found.append(own) }
                guard let dot = end.firstIndex(of: ".") else { break }
                end = end[end.index(after: dot)...]
            }
            return found.min { $0.place < $1.place }?.number
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
        var patterns: [String: Result<Patterns, any Error>] = [:]
        for component in [""] + Self.components.map({ $0 + "." }) {
            for word in ["alpha_pattern", "rank_pattern"] {
                let key = component + word
                guard case .object(let own)? = values[key], !own.isEmpty else { continue }
                patterns[key] = Result { try Self.patterns(own, word, path) }
            }
        }
        self.patterns = patterns
        for (key, own) in patterns.sorted(by: { $0.key < $1.key })
        where key.hasSuffix("alpha_pattern") { _ = try own.get() }
    }

    private static func patterns(
        _ members: [JSONValue.Member], _ word: String, _ path: String
    ) throws -> Patterns {
        var patterns = Patterns()
        for (place, member) in members.enumerated() {
            guard case .number(let number) = member.value else {
                throw fault(path, "\(word) of \(shown(member.key)) is no number")
            }
            // PEFT takes the names for regular expressions; programs write plain names.
            let name = String(member.key.trimmingPrefix("^"))
            guard !name.contains(where: { "*+?()[]{}|\\^$".contains($0) }) else {
                let what = "is a regular expression, which is not read"
                throw fault(path, "\(word) \(shown(member.key)) \(what)")
            }
            if name == member.key {
                patterns.numbers[name] = patterns.numbers[name] ?? (place, number)
            } else {
                patterns.whole[name] = patterns.whole[name] ?? (place, number)
            }
        }
        return patterns
    }

    /// The kind of adapter, where PEFT says so.
    var kind: String? { values["peft_type"]?.string }

    /// alpha / rank, or alpha / √rank, for a layer; 1 where nothing is said.
    ///
    /// - Parameters:
    ///   - component: what the layer belongs to.
    ///   - layer: its name in the component.
    ///   - rank: what its tensors show; nil where they are whole matrices, which PEFT scales by the rank that
    ///     was asked for.
    func scale(_ component: String, _ layer: String, rank: Int?) throws -> Float {
        func value(_ name: String) -> JSONValue? { values["\(component).\(name)"] ?? values[name] }
        func number(_ word: String, _ names: [String]) throws -> Double? {
            let own = patterns["\(component).\(word)_pattern"] ?? patterns[word + "_pattern"]
            if let number = try own?.get().number(of: layer) { return number }
            switch names.lazy.compactMap(value).first {
            case .number(let number)?: return number
            case nil, .null?: return nil
            default: throw Self.fault(path, "its \(word) is no number")
            }
        }
        let stated = try rank.map(Double.init) ?? number("rank", ["r"])
        guard let alpha = try number("alpha", ["lora_alpha", "alpha"]), let rank = stated, rank > 0
        else { return 1 }
        let usesRoot = value("use_rslora") == .flag(true)
        return Float(alpha) / (usesRoot ? Float(rank).squareRoot() : Float(rank))
    }

    private static func fault(_ path: String, _ reason: String) -> CheckpointError {
        .malformed(path: path, format: "adapter configuration", reason: reason)
    }
}
