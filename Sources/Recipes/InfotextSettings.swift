extension Infotext {
    /// The settings under the names of recipes, as far as a recipe has them.
    ///
    /// A sampler that is not known stays as it is, to be refused by its name: another one would make
    /// another picture.
    func recipeSettings(at origin: Origin) -> [Setting] {
        var found: [(String, String)] = [("prompt", prompt)]
        if !negativePrompt.isEmpty { found.append(("negative_prompt", negativePrompt)) }
        for (name, key) in Self.keys {
            if let value = self[name] { found.append((key, value)) }
        }
        if let sampler = self["Sampler"] {
            let type = self["Schedule type"] ?? ""
            let spacing = ["Karras", "Exponential"].contains(type) ? " " + type : ""
            found.append(("scheduler", sampler + spacing))
        }
        if self["Mask mode"] == "Inpaint not masked" { found.append(("invert_mask", "true")) }
        if let fill { found.append(("fill", fill)) }
        if let size = self["Size"]?.split(separator: "x"), size.count == 2 {
            found += [("width", String(size[0])), ("height", String(size[1]))]
        }
        return found.map { Setting($0.0, $0.1, at: origin) }
    }

    private static let keys = [
        ("Steps", "steps"), ("CFG scale", "guidance_scale"), ("Seed", "seed"),
        ("Denoising strength", "strength"), ("Mask blur", "mask_feather"),
    ]

    /// What stands under the mask, in our words.
    private var fill: String? {
        if let own = self["Fill"] { return own }
        return switch self["Masked content"] {
        case "fill": "blur"
        case "latent noise": "noise"
        case "latent nothing": "nothing"
        default: nil
        }
    }
}
