package import Foundation

/// `model_index.json`: which class each component is of.
struct ModelIndex {
    static let standIn = "_gesso_standin"
    static let settings = "_gesso_settings"

    var className: String?
    var components: [String: String] = [:]
    /// Members that are true or false.
    var flags: [String: Bool] = [:]
    var isStandIn = false
    var zeroesEmptyPrompt = true
    /// The values of settings by verb and key.
    var ownSettings: [String: [String: String]] = [:]

    init() {}

    /// Settings of verbs: `{"img2img": {"steps": 20}}`; nil for anything else.
    static func settings(_ value: JSONValue) -> [String: [String: String]]? {
        guard case .object(let verbs) = value else { return nil }
        var settings: [String: [String: String]] = [:]
        for verb in verbs {
            guard case .object(let values) = verb.value else { return nil }
            for value in values {
                guard let text = value.value.settingText else { return nil }
                settings[verb.key, default: [:]][value.key] = text
            }
        }
        return settings
    }

    /// Such settings as JSON has them: what is written as a number is one.
    static func json(_ settings: [String: [String: String]]) -> [String: [String: Any]] {
        settings.mapValues { values in
            values.mapValues { text -> Any in
                if let number = Int(text), "\(number)" == text { return number }
                if let number = Double(text), number.isFinite, "\(number)" == text {
                    return number
                }
                return text
            }
        }
    }

    /// - Throws: `CheckpointError` when the file is missing or no JSON object.
    init(contentsOf url: URL) throws {
        guard case .object(let members) = try JSONValue(small: url) else {
            throw CheckpointError.malformed(
                path: url.path(percentEncoded: false), format: "JSON", reason: "is no object")
        }
        for member in members {
            if case .flag(let flag) = member.value { flags[member.key] = flag }
            switch member.value {
            case .text(let text) where member.key == "_class_name": className = text
            case .flag(let flag) where member.key == Self.standIn: isStandIn = flag
            case .flag(let flag) where member.key == "force_zeros_for_empty_prompt":
                zeroesEmptyPrompt = flag
            case .object where member.key == Self.settings:
                guard let own = Self.settings(member.value) else {
                    throw CheckpointError.malformed(
                        path: url.path(percentEncoded: false), format: "JSON",
                        reason: "\(Self.settings) holds no texts and numbers by verb and key")
                }
                ownSettings = own
            case .list(let pair):
                // `["diffusers", "UNet2DConditionModel"]`
                guard pair.count == 2, pair[0].string?.isEmpty == false,
                    let type = pair[1].string
                else { continue }
                components[member.key] = type
            default: continue
            }
        }
    }
}

/// `…safetensors.index.json`: which shard holds each tensor.
struct ShardIndex {
    private let places: [(tensor: String, shard: String)]
    private let path: String

    /// - Throws: `CheckpointError.malformed` when it is not such an index, or a shard's name leads out of
    ///   the folder.
    init(contentsOf url: URL) throws {
        let path = url.path(percentEncoded: false)
        func malformed(_ reason: String) -> CheckpointError {
            .malformed(path: path, format: "index", reason: reason)
        }
        guard case .object(let map)? = try JSONValue(small: url, upTo: 16 << 20)["weight_map"]
        else {
            throw malformed("the index has no weight_map")
        }
        places = try map.map { member in
            guard let shard = member.value.string else {
                throw malformed("the shard of \(shown(member.key)) is no text")
            }
            let isName = !shard.isEmpty && !shard.hasPrefix(".") && !shard.utf8.contains(0x2F)
            guard isName else {
                throw malformed("shard name \(shown(shard)) leads out of the folder")
            }
            guard shard.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw malformed("control character in the shard name \(shown(shard))")
            }
            return (member.key, shard)
        }
        self.path = path
    }

    /// The names of the files that hold the tensors.
    var shards: [String] { Set(places.map(\.shard)).sorted() }

    /// The tensors of all shards.
    /// - Throws: `CheckpointError.malformed` when a tensor is not where the index says.
    func weights(in folder: URL) throws -> Weights {
        let files = try Dictionary(
            uniqueKeysWithValues: shards.map {
                ($0, try Safetensors(contentsOf: folder.appending(path: $0)))
            })
        var entries: [String: Safetensors.Entry] = [:]
        for (tensor, shard) in places {
            guard let entry = files[shard]?.entries[tensor] else {
                throw CheckpointError.malformed(
                    path: path, format: "index",
                    reason: "tensor \(shown(tensor)) is not in the shard it names")
            }
            entries[tensor] = entry
        }
        return Weights(entries, file: path)
    }
}

extension JSONValue {
    /// A text or a number as a setting has it.
    fileprivate var settingText: String? {
        switch self {
        case .text(let text): text
        case .number(let number):
            integer.map(String.init) ?? (number.isFinite ? "\(number)" : nil)
        default: nil
        }
    }

    /// The value in a JSON file of a model.
    /// - Throws: `CheckpointError.cannotRead` or `.malformed`.
    package init(small url: URL, upTo limit: Int = ModelFolder.largestConfiguration) throws {
        let data = try Data(contentsOf: url, upTo: limit)
        do {
            self = try JSONValue(parsing: data)
        } catch {
            throw CheckpointError.malformed(
                path: url.path(percentEncoded: false), format: "JSON", reason: error.reason)
        }
    }
}
