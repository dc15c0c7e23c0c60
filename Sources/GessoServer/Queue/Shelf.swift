import Foundation
import Gesso
import NIOConcurrencyHelpers

/// What clients may name. A name is looked up in the scanned list, so no request makes the server open
/// a file of its choice.
package struct Shelf: Sendable {
    let library: Library
    private let scans = Scans()
    private let headers = ReadHeaders()

    init(_ library: Library) { self.library = library }

    /// Names of the checkpoints; the standard one first.
    package var models: [String] {
        scans.value("models") {
            let standard = library.standardModel(for: [.imageToImage])
            let names = library.checkpoints.map(\.name)
            return names.filter { $0 == standard } + names.filter { $0 != standard }
        }
    }

    /// Has the folders looked through anew, for what was put there just now.
    func refresh() { scans.clear() }

    func check(model name: String) throws {
        guard models.contains(name) else {
            throw Complaint(404, "model '\(name.prefix(200))' not found", field: "model")
        }
    }

    /// What each checkpoint is; nil for one that could not be loaded.
    func summaries() -> [(name: String, summary: ModelSummary?)] {
        let places = library.checkpoints
        let tokenizers = (try? library.tokenizers(nil)) ?? TokenizerPlaces()
        return models.map { name in
            let url = places.first { $0.name == name }?.url
            return (name, url.flatMap { headers.summary(of: $0, tokenizers) })
        }
    }

    /// The SHA-256 of a checkpoint of one file, where it is known already.
    func hash(ofModel name: String) -> String? {
        library.checkpoints.first { $0.name == name }.flatMap { library.knownHash(of: $0.url) }
    }

    /// The presets of single edits.
    func presets() throws -> [(name: String, preset: Preset)] {
        try scans.value("presets") {
            try library.places.presets.all().presets.map { ($0.name, $0.1) }
                .filter { !$0.1.hasEdits }
        }
    }

    func preset(_ name: String) throws -> Preset {
        guard let found = try presets().first(where: { $0.name == name }) else {
            throw Complaint.invalid("presets", "there is no preset '\(name.prefix(100))'")
        }
        return found.preset
    }

    /// The names of a kind of add-on, without the endings of their files.
    func addOns(_ kind: ModelKind) -> [String] {
        scans.value("\(kind)") { library.addOns(kind).map(\.name).sorted() }
    }

    var loras: [String] { addOns(.loras) }
    var embeddings: [String] { addOns(.embeddings) }
    var vaes: [String] { addOns(.vae) }
    var controls: [String] { addOns(.controlNets) }

    /// Refuses add-ons that are not on the shelf, in settings and in prompts.
    ///
    /// - Parameter maps: the names of the maps that come with an order.
    func check(addOnsIn settings: [String: String], maps: Set<String> = []) throws {
        for key in ["unet", "inpaint_base", "inpaint_delta", "style"] {
            if let value = settings[key], value != "default" {
                throw Complaint.invalid("settings.\(key)", "it cannot be set by a request")
            }
        }
        let named = ["lora", "embedding", "vae", "control", "prompt", "hires_prompt"]
        let given = named.compactMap { key in
            settings[key].map { Setting(key, $0, at: .argument(key)) }
        }
        // What is no setting at all is refused where the recipe is made.
        guard
            let recipe = try? Recipe(
                .imageToImage, settings: given + (settings["prompt"] == nil ? [Self.noPrompt] : []))
        else { return }
        let files: [(String, [String], [String])] = [
            ("lora", recipe.loras.map(\.name), loras), ("embedding", recipe.embeddings, embeddings),
            ("vae", [recipe.vae].compactMap(\.self), vaes),
            ("control", recipe.controls.map(\.network), controls),
        ]
        for (key, names, known) in files {
            if let name = names.first(where: { !known.contains($0) }) {
                throw Complaint.invalid(
                    "settings.\(key)", "there is none named '\(name.prefix(100))'")
            }
        }
        let unknown = recipe.controls.flatMap(\.pictures).first { !maps.contains($0) }
        if let unknown {
            throw Complaint.invalid(
                "settings.control", "there is no map '\(unknown.prefix(100))' among maps")
        }
        let ofTags = recipe.takingLoRATags().recipe.loras.dropFirst(recipe.loras.count)
        if let name = ofTags.map(\.name).first(where: { !loras.contains($0) }) {
            throw Complaint.invalid("prompt", "LoRA '\(name.prefix(100))' not found")
        }
    }

    private static let noPrompt = Setting("prompt", "", at: .argument("prompt"))
}

/// What was found in folders within the last second: clients ask for the same lists many times in a row.
private final class Scans: Sendable {
    private typealias Found = (since: ContinuousClock.Instant, value: any Sendable)

    private let found = NIOLockedValueBox([String: Found]())

    /// What a scan finds, or has found just now.
    func value<Value: Sendable>(_ name: String, _ scan: () throws -> Value) rethrows -> Value {
        let known = found.withLockedValue { $0[name] }
        if let known, .now - known.since < .seconds(1), let value = known.value as? Value {
            return value
        }
        let value = try scan()
        found.withLockedValue { $0[name] = (.now, value) }
        return value
    }

    /// Drops what was found.
    func clear() { found.withLockedValue { $0 = [:] } }
}

/// Summaries of checkpoints, made anew once a file has changed.
private final class ReadHeaders: Sendable {
    private typealias Known = (changed: Date?, summary: ModelSummary?)

    private let known = NIOLockedValueBox([URL: Known]())

    func summary(of url: URL, _ tokenizers: TokenizerPlaces) -> ModelSummary? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
        let changed = attributes?[.modificationDate] as? Date
        if let known = known.withLockedValue({ $0[url] }), known.changed == changed {
            return known.summary
        }
        let summary = try? ModelSummary(url, tokenizers: tokenizers)
        known.withLockedValue { $0[url] = (changed, summary) }
        return summary
    }
}
