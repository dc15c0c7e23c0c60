import Foundation

/// The configurations of a folder that a single file was made from, kept in its metadata to the letter:
/// what no name and no shape tells, such as the scheduler.
///
/// `gesso.unet` is the text of the UNet's `config.json`, and so on; `gesso.model_index` has the marks of
/// `model_index.json`.
struct EmbeddedConfigurations: Sendable {
    private static let components = ["unet", "vae", "text_encoder", "text_encoder_2", "scheduler"]
    private static let index = "model_index"
    private static let zeroes = "force_zeros_for_empty_prompt"

    private let texts: [String: String]
    let isStandIn: Bool
    let zeroesEmptyPrompt: Bool
    let ownSettings: [String: [String: String]]

    /// The name in the metadata.
    static func key(_ component: String) -> String { "gesso." + component }

    /// - Throws: `CheckpointError.malformed` for a text that is no JSON object.
    init(_ metadata: [String: String], path: String) throws {
        var texts: [String: String] = [:]
        var marks = JSONValue.null
        for component in Self.components + [Self.index] {
            guard let text = metadata[Self.key(component)] else { continue }
            let json = try? JSONValue(parsing: text.utf8)
            guard let json, case .object = json else {
                throw CheckpointError.malformed(
                    path: path, format: "safetensors",
                    reason: "its metadata \(Self.key(component)) is no JSON object")
            }
            if component == Self.index { marks = json } else { texts[component] = text }
        }
        self.texts = texts
        isStandIn = marks[ModelIndex.standIn] == .flag(true)
        zeroesEmptyPrompt = marks[Self.zeroes] != .flag(false)
        ownSettings = marks[ModelIndex.settings].flatMap(ModelIndex.settings) ?? [:]
    }

    /// The metadata that keep a model's configurations.
    static func metadata(of model: any ModelSource) throws -> [String: String] {
        var metadata: [String: String] = [:]
        for component in components where model.contains(component) {
            metadata[key(component)] = String(
                decoding: try model.configuration(component), as: UTF8.self)
        }
        var marks: [String: Any] = [
            ModelIndex.standIn: model.isStandIn, zeroes: model.zeroesEmptyPrompt,
        ]
        if !model.ownSettings.isEmpty {
            marks[ModelIndex.settings] = ModelIndex.json(model.ownSettings)
        }
        let json = try JSONSerialization.data(withJSONObject: marks, options: .sortedKeys)
        metadata[key(index)] = String(decoding: json, as: UTF8.self)
        return metadata
    }

    /// The JSON of a component's configuration; nil where there is none.
    func configuration(_ component: String) -> Data? { texts[component].map { Data($0.utf8) } }
}
