extension Recipe {
    /// The recipe as A1111 and the programs around it keep it beside a picture, in the PNG text
    /// `parameters` or the EXIF user comment: the prompt, the negative prompt, and a line of settings
    /// under their names for them.
    ///
    /// What A1111 has no name for, or a text without quotes cannot hold, follows under Gesso's own
    /// names, so that reading the text gives the same values for every key. Files are named without
    /// their folders. Control characters become blanks outside of quotes. The seed, scheduler and
    /// size are those of `provenance`. Where no model ran, what only a model uses is left out.
    public func infotext(_ provenance: Provenance) -> String {
        let tagged = promptSyntax == .weighted ? loraTags(provenance) : []
        var lines = [printable(prompt) + tagged.map { " \($0)" }.joined()]
        if !negativePrompt.isEmpty {
            lines.append("Negative prompt: " + printable(negativePrompt))
        }
        let source = InfotextField.Source(recipe: self, provenance: provenance)
        let fields = InfotextField.all.filter {
            steps > 0 || !InfotextField.namesOfModelRuns.contains($0.name)
        }
        var settings = fields.compactMap { field in
            field.write(source).map { "\(field.name): \(quotedIfNeeded($0))" }
        }
        let version = settings.popLast().map { [$0] } ?? []
        func text(_ own: [String]) -> String {
            (lines + [(settings + own + version).joined(separator: ", ")])
                .joined(separator: "\n")
        }
        return text(lost(from: text([]), source))
    }

    /// The settings under Gesso's own names that a text needs to hold the whole recipe.
    private func lost(from text: String, _ source: InfotextField.Source) -> [String] {
        // A reader takes off a mark of the order of bytes.
        let read = PictureSettings(Infotext(text.withoutByteOrderMark), of: "")
        // The steps are in every text, but a recipe of none is refused without its fill.
        let settings = read.settings.filter {
            $0.key != "steps" && Recipe.key($0.key)?.verbs.contains(source.verb) == true
        }
        let found = (try? Recipe(source.verb, settings: settings)) ?? Recipe(source.verb)
        let kept = found.takingLoRATags().recipe
        // A prompt under its own name takes the place of the one with the tags.
        let losesTags = kept.prompt != prompt
        return Recipe.keys.compactMap { key in
            guard key.verbs.contains(source.verb), let value = key.value(in: self),
                losesTags && key.name == "lora"
                    || key.carried(value) != key.carried(key.value(in: kept) ?? .text(""))
            else { return nil }
            // These are the picture's own.
            if ["seed", "scheduler", "width", "height", "steps"].contains(key.name) { return nil }
            if steps == 0, Self.keysOfModelRuns.contains(key.name) { return nil }
            if key.name == "mask_latent", kept.maskLatent == maskLatent { return nil }
            return "\(InfotextField.ownName(of: key.name)): " + quotedIfNeeded(key.carried(value))
        }
    }

    /// Keys that have no effect without a model.
    private static let keysOfModelRuns: Set = [
        "guidance_scale", "image_guidance_scale", "strength", "rng", "sigmas", "watermark",
    ]

    /// `<lora:name:weight>` of every LoRA; none where one of them has no name for such a tag.
    private func loraTags(_ provenance: Provenance) -> [String] {
        let loras = provenance.addOns.filter { $0.key == "lora" }
        guard !loras.contains(where: { $0.name.contains { ":<>;/\\,".contains($0) } }) else {
            return []
        }
        return loras.map { lora in
            let choice = LoRAChoice(
                name: lora.name, strength: lora.strength, textStrength: lora.textStrength,
                blocks: lora.blocks)
            return "<lora:\(choice)>"
        }
    }
}

extension Key {
    /// A value as a picture's text carries it: files by their names, without folders and ending.
    fileprivate func carried(_ value: Value) -> String {
        guard Recipe.fileKeys.contains(name) else { return "\(value)" }
        return "\(value)".split(separator: ";").map { part -> String in
            if name == "control" {
                return ControlChoice(String(part))?.withoutFolders.description ?? ""
            }
            let file = part.split(separator: "/").last ?? ""
            return String(file).replacing(".safetensors", with: "")
        }.joined(separator: ";")
    }
}

private func printable(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map {
                $0 != "\n" && $0.properties.generalCategory == .control ? " " : $0
            }))
}

/// A value that its bare text would not give back, as JSON has it in quotes.
private func quotedIfNeeded(_ text: String) -> String {
    let needsQuotes = text.unicodeScalars.contains {
        ",:\"".unicodeScalars.contains($0) || $0.properties.generalCategory == .control
    }
    guard needsQuotes || text != text.trimmed else { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": quoted += "\\\(scalar)"
        case "\n": quoted += "\\n"
        default:
            let digits = String(scalar.value, radix: 16)
            quoted +=
                scalar.properties.generalCategory == .control
                ? "\\u" + String(repeating: "0", count: 4 - digits.count) + digits : "\(scalar)"
        }
    }
    return quoted + "\""
}
