import Sampling

/// What a picture says of how it was made, under the names of recipes.
public struct PictureSettings: Sendable, Equatable {
    /// What stands for the picture in messages.
    public let name: String
    /// The program that wrote them, as far as the text tells it.
    public let program: String
    /// What was done, as far as the text tells it.
    public let verb: Verb
    /// Settings by the keys of recipes; values are not checked.
    public private(set) var settings: [Setting]
    /// Names of settings that have no counterpart here, with their values; they have no effect.
    public private(set) var leftOut: [Infotext.Entry]
    /// Name of the checkpoint.
    public let model: String?
    /// The first hexadecimal digits of the SHA-256 of the checkpoint's file.
    public let modelHash: String?
    /// What else is different here, a sentence each.
    let remarks: [String]
    /// The text itself.
    public let text: String
    /// The settings beside the prompts, under the names that the text has for them; of other programs
    /// than A1111 by the keys of recipes, and what is left out.
    public let entries: [Infotext.Entry]

    /// The settings of another program.
    init(_ other: OtherSettings, _ text: String, of name: String) {
        (self.name, self.text) = (name, text)
        (program, model, modelHash) = (other.program, other.model, nil)
        let hasStrength = other.found.contains { $0.key == "strength" }
        verb = other.verb ?? (hasStrength ? .imageToImage : .textToImage)
        settings = other.found.map { Setting($0.key, $0.value, at: .argument(name)) }
        (leftOut, remarks) = (other.leftOut, other.remarks)
        entries =
            other.found.filter { !["prompt", "negative_prompt"].contains($0.key) }
            .map { Infotext.Entry(name: $0.key, value: $0.value) } + other.leftOut
    }

    /// What the picture should show.
    public var prompt: String { settings.first { $0.key == "prompt" }?.value ?? "" }

    /// What it should not show.
    public var negativePrompt: String {
        settings.first { $0.key == "negative_prompt" }?.value ?? ""
    }

    /// Takes the settings of a text of A1111's, each under the key that `InfotextField` gives it.
    ///
    /// A sampler that is not known stays as it is, to be refused by its name.
    ///
    /// - Parameter name: stands for the picture in messages.
    public init(_ infotext: Infotext, of name: String) {
        self.name = name
        text = infotext.text
        (model, modelHash) = (infotext["Model"], infotext["Model hash"])
        (program, remarks) = (infotext.program, [])
        entries = infotext.settings
        verb = infotext.verb
        var found: [(key: String, value: String)] = [("prompt", infotext.prompt)]
        if !infotext.negativePrompt.isEmpty {
            found.append(("negative_prompt", infotext.negativePrompt))
        }
        var leftOut: [Infotext.Entry] = []
        // A network that makes pictures larger is nearer to a filter of pixels than to latents.
        if let upscaler = infotext["Hires upscaler"], HiresUpscaler(nameInA1111: upscaler) == nil {
            found.append(("hires_upscaler", HiresUpscaler.lanczos.rawValue))
        }
        var seen: Set<String> = []
        for entry in infotext.settings where seen.insert(entry.name).inserted {
            if let key = InfotextField.key(ofOwnName: entry.name), Self.mayName(entry.value, key) {
                found.removeAll { $0.key == key.name }
                found.append((key.name, entry.value))
            } else if let read = InfotextField.named(entry.name)?.read(entry.value, infotext) {
                found += read
            } else {
                leftOut.append(entry)
            }
        }
        if infotext.isFromCard { found.append(("rng", RandomGenerator.nv.rawValue)) }
        settings = found.map { Setting($0.key, $0.value, at: .argument(name)) }
        self.leftOut = leftOut
    }

    /// Whether a picture may say this of a key: files by name only, for anyone may have written it.
    private static func mayName(_ value: String, _ key: Key) -> Bool {
        !Recipe.fileKeys.contains(key.name)
            || !value.contains { "/\\".contains($0) } && !value.contains("..")
    }

    /// The same without a key, which is left out under a name.
    ///
    /// - Parameter part: what is kept of its value; an empty text is nothing.
    public func without(
        _ key: String, as name: String, keeping part: String = ""
    ) -> PictureSettings {
        var rest = self
        for setting in settings where setting.key == key {
            rest.leftOut.append(Infotext.Entry(name: name, value: setting.value))
        }
        rest.settings.removeAll { $0.key == key }
        if !part.isEmpty { rest.settings.append(Setting(key, part, at: .argument(self.name))) }
        return rest
    }

    /// The embeddings whose hashes A1111 has noted, by their names.
    public var embeddings: [String] {
        let hashes = entries.first { $0.name == "TI hashes" }?.value ?? ""
        return hashes.split(separator: ",").compactMap {
            $0.split(separator: ":").first.map { String($0).trimmed }
        }
    }

    /// The same with one more of what has no counterpart here.
    public func leavingOut(_ name: String, _ value: String) -> PictureSettings {
        var rest = self
        rest.leftOut.append(Infotext.Entry(name: name, value: value))
        return rest
    }

    /// What has no effect for some verbs, a sentence each.
    public func notes(for verbs: [Verb]) -> [String] {
        var notes = remarks.map { "\(name): \($0)" }
        if !leftOut.isEmpty {
            notes.append("\(name): no counterpart here, left out: \(list(leftOut.map(\.name)))")
        }
        let idle = settings.filter { setting in
            guard let key = Recipe.key(setting.key) else { return false }
            let isOfTheSize = key.name == "width" || key.name == "height"
            return !isOfTheSize && !key.verbs.contains(where: verbs.contains)
        }
        if !idle.isEmpty, !verbs.isEmpty {
            let verbs = verbs.map(\.rawValue).joined(separator: ", ")
            notes.append("\(name): no use in \(verbs), left out: \(list(idle.map(\.key)))")
        }
        return notes
    }

    private func list(_ names: [String]) -> String {
        let most = 8
        let rest = names.count > most ? " and \(names.count - most) more" : ""
        return names.prefix(most).joined(separator: ", ") + rest
    }
}

extension Infotext {
    /// The program, by the version that it writes.
    fileprivate var program: String {
        if let app = self["App"] { return app }
        let version = self["Version"] ?? ""
        if version.hasPrefix("gesso") { return "Gesso" }
        return version == "ComfyUI" ? version : "AUTOMATIC1111"
    }

    /// Whether its noise was drawn on a graphics card: A1111 does so where it names no other way.
    fileprivate var isFromCard: Bool {
        self["Seed"] != nil && self["RNG"] == nil && !["Gesso", "ComfyUI"].contains(program)
    }

    /// What was done: as Gesso writes it, else as the settings suggest it.
    var verb: Verb {
        if let own = self["Edit"].flatMap(Verb.init) { return own }
        if hasHires { return .textToImage }
        let ofMasks = ["Mask blur", "Masked content", "Inpaint area", "Mask mode"]
        if ofMasks.contains(where: { self[$0] != nil }) { return .inpaint }
        if self["Image CFG scale"] != nil { return .instruct }
        return self["Denoising strength"] == nil ? .textToImage : .imageToImage
    }
}
