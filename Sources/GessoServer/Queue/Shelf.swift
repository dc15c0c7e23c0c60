import Foundation
import Gesso

/// What clients may name. A name is looked up in the scanned list, so no request makes the server open
/// a file of its choice.
package struct Shelf: Sendable {
    let library: Library

    init(_ library: Library) { self.library = library }

    /// Names of the checkpoints; the standard one first.
    package var models: [String] {
        let standard = library.standardModel(for: [.imageToImage])
        let names = library.checkpoints.map(\.name)
        return names.filter { $0 == standard } + names.filter { $0 != standard }
    }

    func check(model name: String) throws {
        guard models.contains(name) else {
            throw Complaint(404, "model '\(name.prefix(200))' not found", field: "model")
        }
    }

    /// The presets of single edits.
    func presets() throws -> [(name: String, preset: Preset)] {
        try library.places.presets.all().presets.map { ($0.name, $0.1) }
            .filter { !$0.1.hasEdits }
    }

    func preset(_ name: String) throws -> Preset {
        guard let found = try presets().first(where: { $0.name == name }) else {
            throw Complaint.invalid("presets", "there is no preset '\(name.prefix(100))'")
        }
        return found.preset
    }

    /// The names of a kind of add-on, without the endings of their files.
    func addOns(_ kind: ModelKind) -> [String] { library.addOns(kind).map(\.name).sorted() }

    var loras: [String] { addOns(.loras) }
    var embeddings: [String] { addOns(.embeddings) }
    var vaes: [String] { addOns(.vae) }

    /// Refuses add-ons that are not on the shelf, in settings and in prompts.
    func check(addOnsIn settings: [String: String]) throws {
        for key in ["unet", "inpaint_base", "inpaint_delta", "style"] {
            if let value = settings[key], value != "default" {
                throw Complaint.invalid("settings.\(key)", "it cannot be set by a request")
            }
        }
        for (key, known) in [("lora", loras), ("embedding", embeddings), ("vae", vaes)] {
            guard let value = settings[key], value != "default" else { continue }
            for part in value.split(separator: ",") {
                let name = part.split(separator: ":").first.map(String.init) ?? ""
                guard known.contains(name) else {
                    throw Complaint.invalid(
                        "settings.\(key)", "there is none named '\(name.prefix(100))'")
                }
            }
        }
        let prompts = ["prompt", "negative_prompt", "component_prompts"].compactMap { settings[$0] }
        for match in prompts.joined(separator: "\n").matches(of: #/<lora:([^:>]*)/#) {
            let name = String(match.1)
            guard loras.contains(name) else {
                throw Complaint.invalid("prompt", "LoRA '\(name.prefix(100))' not found")
            }
        }
    }
}
