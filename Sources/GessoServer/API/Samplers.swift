import Gesso

/// Samplers and schedule types by AUTOMATIC1111's names.
enum Samplers {
    /// Those names of the menu that a recipe takes, in the menu's order, with aliases.
    static let listed: [(name: String, scheduler: String)] = [
        "DPM++ 2M", "DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2S a", "DPM++ 3M SDE", "Euler a", "Euler",
        "LMS", "Heun", "DDIM", "DDPM", "PLMS", "UniPC", "LCM", "DEIS", "TCD",
    ].compactMap { name in find(name).map { (name, $0.scheduler) } }

    /// Schedule types: label and the recipe's word.
    static let spacings: [(label: String, word: String)] =
        [("Automatic", "default"), ("Uniform", "default")]
        + (Recipe.key("sigmas")?.choices ?? []).filter { $0 != "default" }.map { word in
            let label = word.split { $0 == "_" || $0 == "-" }.map(\.capitalized)
                .joined(separator: " ")
            return (label == "Sgm Uniform" ? "SGM Uniform" : label, word)
        }

    /// The recipe's words for a sampler's name in any program; nil where there is none.
    static func find(_ name: String) -> (scheduler: String, spacing: String?)? {
        let setting = Setting("scheduler", name, at: .argument("sampler"))
        let prompt = Setting("prompt", "", at: .argument("sampler"))
        guard !name.isEmpty,
            let recipe = try? Recipe(.imageToImage, settings: [prompt, setting]),
            let scheduler = Recipe.key("scheduler")?.value(in: recipe)
        else { return nil }
        let spacing = Recipe.key("sigmas")?.value(in: recipe).map { "\($0)" }
        return ("\(scheduler)", spacing == "default" ? nil : spacing)
    }

    /// The recipe's word for a schedule type by label or name, in any case.
    static func spacing(_ name: String) -> String? {
        let plain = name.lowercased().replacing(" ", with: "_")
        if ["uniform", "normal", "automatic"].contains(plain) { return "default" }
        return Recipe.key("sigmas")?.choices.first {
            $0.replacing("-", with: "_") == plain
        }
    }

    /// Whether a scheduler adds fresh noise in its steps, of which AUTOMATIC1111 has a share `eta`.
    static func isAncestral(_ scheduler: String) -> Bool {
        scheduler.hasSuffix("-a") || scheduler.contains("sde")
    }

    /// Whether a scheduler's noise levels can be spread in other ways.
    static func spaces(_ scheduler: String) -> Bool {
        !["ddim", "ddpm", "pndm", "lcm", "tcd"].contains(scheduler)
    }
}

extension Substring {
    fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst() }
}
