import Foundation

/// `model_index.json`: which class each component is of.
struct ModelIndex {
    var className: String?
    var components: [String: String] = [:]
    var isStandIn = false
    var zeroesEmptyPrompt = true

    init() {}

    init(contentsOf url: URL) throws {
        let members = try [String: Member](json: url)
        for (name, member) in members {
            switch member {
            case .text(let text) where name == "_class_name": className = text
            case .flag(let flag) where name == "_gesso_standin": isStandIn = flag
            case .flag(let flag) where name == "force_zeros_for_empty_prompt":
                zeroesEmptyPrompt = flag
            case .pair(let library?, let type?) where !library.isEmpty: components[name] = type
            default: continue
            }
        }
    }

    /// A value of the index: `["diffusers", "UNet2DConditionModel"]`, a text, or something that does
    /// not matter here.
    private enum Member: Decodable {
        case text(String)
        case flag(Bool)
        case pair(String?, String?)
        case other

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let flag = try? value.decode(Bool.self) {
                self = .flag(flag)
            } else if let pair = try? value.decode([String?].self), pair.count == 2 {
                self = .pair(pair[0], pair[1])
            } else {
                self = .other
            }
        }
    }
}

/// `…safetensors.index.json`: which shard holds each tensor.
struct ShardIndex: Decodable {
    private let map: [String: String]
    private var path = ""

    private enum CodingKeys: String, CodingKey {
        case map = "weight_map"
    }

    init(contentsOf url: URL) throws {
        self = try ShardIndex(json: url)
        path = url.path(percentEncoded: false)
    }

    /// The names of the files that hold the tensors.
    var shards: [String] { Set(map.values).sorted() }

    /// The tensors of all shards.
    /// - Throws: `CheckpointError.malformed` when a shard's name leads out of the folder or a tensor is
    ///   not where the index says.
    func weights(in folder: URL) throws -> Weights {
        var entries: [String: Safetensors.Entry] = [:]
        for shard in shards {
            guard !shard.isEmpty, !shard.hasPrefix("."), !shard.contains("/") else {
                throw CheckpointError.malformed(
                    path: path, format: "index",
                    reason: "shard name \(shown(shard)) leads out of the folder")
            }
            let file = try Safetensors(contentsOf: folder.appending(path: shard))
            entries.merge(file.entries.filter { map[$0.key] == shard }) { first, _ in first }
        }
        if let lost = map.keys.filter({ entries[$0] == nil }).min() {
            throw CheckpointError.malformed(
                path: path, format: "index",
                reason: "tensor \(shown(lost)) is not in the shard it names")
        }
        return Weights(entries, file: path)
    }
}

extension Decodable {
    /// The value in a small JSON file.
    /// - Throws: `CheckpointError.malformed` when it is not such a value.
    fileprivate init(json url: URL) throws {
        let data = try Data(contentsOf: url, upTo: ModelFolder.largestConfiguration)
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw CheckpointError.malformed(
                path: url.path(percentEncoded: false), format: "JSON",
                reason: "not what is expected of \(url.lastPathComponent)")
        }
    }
}
