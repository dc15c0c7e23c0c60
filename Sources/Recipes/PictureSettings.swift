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
    /// What was added to the model and is not here, each as `LoRA fur`; it has no effect.
    public private(set) var missing: [String] = []
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
        let found = other.found.map { (key: $0.key, value: Self.literal($0.value, $0.key)) }
        settings = Self.settings(found, of: name)
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
        program = infotext.program
        remarks =
            infotext.holdsOthers
            ? [
                "it has the settings of several pictures, of which the last are read; "
                    + "what is before them is its prompt"
            ]
            : []
        entries = infotext.settings
        verb = infotext.verb
        // What is left to chance in a prompt of Gesso was drawn, and what is not has its signs.
        let isOwn = infotext.program == "Gesso"
        func literal(_ value: String, _ key: String) -> String {
            isOwn ? value : Self.literal(value, key)
        }
        var found = [(key: "prompt", value: literal(infotext.prompt, "prompt"))]
        if !infotext.negativePrompt.isEmpty {
            found.append(
                ("negative_prompt", literal(infotext.negativePrompt, "negative_prompt")))
        }
        var leftOut: [Infotext.Entry] = []
        // A network that makes pictures larger is nearer to a filter of pixels than to latents.
        if let upscaler = infotext["Hires upscaler"], HiresUpscaler(nameInA1111: upscaler) == nil {
            found.append(("hires_upscaler", HiresUpscaler.lanczos.rawValue))
        }
        var seen: Set<String> = []
        for entry in infotext.settings where seen.insert(entry.name.lowercased()).inserted {
            if let key = InfotextField.key(ofOwnName: entry.name), Self.mayName(entry.value, key) {
                found.removeAll { $0.key == key.name }
                found.append((key.name, entry.value))
            } else if let read = InfotextField.named(entry.name)?.read(entry.value, infotext) {
                found += read.map { (key: $0.key, value: literal($0.value, $0.key)) }
            } else {
                leftOut.append(entry)
            }
        }
        if infotext.isFromCard { found.append(("rng", RandomGenerator.nv.rawValue)) }
        settings = Self.settings(found, of: name)
        self.leftOut = leftOut
    }

    /// A prompt of another program, in whose braces nothing is left to chance; other values as they are.
    private static func literal(_ value: String, _ key: String) -> String {
        key.hasSuffix("prompt") && !key.hasPrefix("wildcard_")
            ? OtherSettings.escapedChoices(value) : value
    }

    private static func settings(
        _ found: [(key: String, value: String)], of name: String
    ) -> [Setting] {
        // Of two that say the same key the later one counts.
        var last: [String: Int] = [:]
        for (index, (key, _)) in found.enumerated() { last[key] = index }
        return found.enumerated().filter { last[$1.key] == $0 }.map { _, entry in
            Setting(entry.key, withoutPoint(entry.value, entry.key), at: .argument(name))
        }
    }

    /// Whole numbers without the point and zeros that some programs write behind all numbers.
    private static func withoutPoint(_ value: String, _ name: String) -> String {
        guard let form = Recipe.key(name)?.form, form.isWhole,
            let point = value.firstIndex(of: "."), point > value.startIndex
        else { return value }
        let (number, zeros) = (value[..<point], value[point...].dropFirst())
        let isNumber = Int(number) != nil || UInt64(number) != nil
        return isNumber && zeros.allSatisfy { $0 == "0" } ? String(number) : value
    }

    /// Whether a picture may say this of a key: files by name only, for anyone may have written it.
    private static func mayName(_ value: String, _ key: Key) -> Bool {
        !Recipe.fileKeys.contains(key.name)
            || !value.contains { "/\\".contains($0) } && !value.contains("..")
    }

    /// Takes out of a key's value what is not here.
    ///
    /// - Parameters:
    ///   - names: what it is, each as `LoRA fur`.
    ///   - key: nil for what a prompt names as a word of its own, which it stays.
    ///   - part: what is kept of the value; nil for nothing.
    public mutating func leaveOut(
        _ names: [String], of key: String?, keeping part: String? = nil
    ) {
        var seen = Set(missing)
        missing += names.filter { seen.insert($0).inserted }
        guard let key else { return }
        settings.removeAll { $0.key == key }
        if let part { settings.append(Setting(key, part, at: .argument(name))) }
    }

    /// Takes out the LoRAs that are not here, those that prompts name included.
    ///
    /// - Parameter isHere: whether there is one of a name.
    public mutating func leaveOutLoRAs(unless isHere: (String) -> Bool) {
        // Where prompts are plain, a tag is text.
        func chosen(_ key: String) -> String? { settings.last { $0.key == key }?.value }
        let syntax =
            chosen("prompt_syntax").flatMap(PromptSyntax.init)
            ?? Compatibility(chosen("compat").flatMap(StepRule.init)).promptSyntax
        for (key, text) in settings.map({ ($0.key, $0.value) })
        // A longer one is refused, or left out as a whole.
        where text.utf8.count <= Recipe.longestText {
            switch key {
            case "lora":
                let all = text.split(separator: ";").map { (String($0), LoRAChoice(String($0))) }
                let gone = all.compactMap(\.1?.name).filter { !isHere($0) }
                guard !gone.isEmpty else { continue }
                let names = Set(gone)
                let kept = all.filter { $0.1.map { !names.contains($0.name) } ?? true }.map(\.0)
                leaveOut(
                    gone.map { "LoRA \($0)" }, of: key,
                    keeping: kept.isEmpty ? nil : kept.joined(separator: ";"))
            case "prompt", "hires_prompt":
                guard syntax != .plain else { continue }
                var gone: [String] = []
                let kept = text.replacingTags { tag, written in
                    guard let name = tag.lora?.name, !isHere(name) else { return written }
                    gone.append(name)
                    return ""
                }
                guard !gone.isEmpty else { continue }
                leaveOut(gone.map { "LoRA \($0)" }, of: key, keeping: kept)
            default: continue
            }
        }
    }

    /// The embeddings whose hashes A1111 has noted, by their names.
    public var embeddings: [String] {
        let hashes = entries.first { $0.name == "TI hashes" }?.value ?? ""
        return hashes.split(separator: ",").compactMap {
            $0.split(separator: ":").first.map { String($0).trimmed }
        }
    }

    /// Whether a key's value is meant for a verb: the second run of a picture that was made from words is
    /// not, for it would change the size of the picture that is restyled.
    func isMeant(_ key: String, for verb: Verb) -> Bool {
        !(self.verb == .textToImage && verb == .imageToImage && key.hasPrefix("hires_"))
    }

    /// What has no effect for some verbs, a sentence each.
    public func notes(for verbs: [Verb]) -> [String] {
        var notes = remarks.map { "\(name): \($0)" }
        notes += lists(leftOut.map(\.name)).map { "\(name): no counterpart here, left out: \($0)" }
        notes += lists(missing).map { "\(name): not here, left out: \($0)" }
        let idle = settings.filter { setting in
            guard let key = Recipe.key(setting.key) else { return false }
            let isOfTheSize = key.name == "width" || key.name == "height"
            return !isOfTheSize
                && !verbs.contains { key.verbs.contains($0) && isMeant(key.name, for: $0) }
        }
        if !idle.isEmpty, !verbs.isEmpty {
            let verbs = verbs.map(\.rawValue).joined(separator: ", ")
            notes += lists(idle.map(\.key)).map {
                "\(name): no use in \(verbs), left out: \($0)"
            }
        }
        return notes
    }

    /// Names in pieces that are short enough for a line each. Five or more that begin with the same word,
    /// as those of an extension do, are named by it.
    private func lists(_ names: [String]) -> [String] {
        func word(_ name: String) -> Substring { name.prefix { $0 != " " } }
        let groups = Dictionary(grouping: names.filter { $0.contains(" ") }, by: word)
            .filter { $0.value.count > 4 }
        var (lists, seen) = ([String](), Set<Substring>())
        for name in names {
            let word = word(name)
            let group = name.contains(" ") ? groups[word] : nil
            guard group == nil || seen.insert(word).inserted else { continue }
            let shown = group.map { "\(word) (\($0.count) settings)" } ?? String(name.prefix(80))
            if let last = lists.last, last.count + shown.count < Self.longestList {
                lists[lists.count - 1] += ", " + shown
            } else {
                lists.append(shown)
            }
        }
        guard lists.count > Self.mostLists else { return lists }
        return lists.prefix(Self.mostLists) + ["more than can be listed"]
    }

    /// Letters of names in a line, and lines.
    private static let (longestList, mostLists) = (120, 8)
}

extension Key.Form {
    /// Whether it takes whole numbers.
    fileprivate var isWhole: Bool {
        switch self {
        case .whole, .seed: true
        case .orDefault(let form): form.isWhole
        default: false
        }
    }
}

extension Infotext {
    /// The program, by the version that it writes.
    fileprivate var program: String {
        if let app = self["App"] { return app }
        let version = self["Version"] ?? ""
        if version.hasPrefix("gesso") { return "Gesso" }
        if isOfStableDiffusionCpp { return "stable-diffusion.cpp" }
        return version == "ComfyUI" ? version : "AUTOMATIC1111"
    }

    var isOfStableDiffusionCpp: Bool { self["Version"]?.hasPrefix("stable-diffusion.cpp") == true }

    /// Whether its noise was drawn on a graphics card: A1111 does so where it names no other way.
    fileprivate var isFromCard: Bool {
        self["Seed"] != nil && self["RNG"] == nil && !["Gesso", "ComfyUI"].contains(program)
    }

    /// What was done: as Gesso writes it, else as the settings suggest it.
    var verb: Verb {
        if let own = self["Edit"].flatMap(Verb.init) { return own }
        // SD.Next names them in their order.
        switch self["Operations"]?.split(separator: ";").first.map({ String($0).trimmed }) {
        case "txt2img": return .textToImage
        case "img2img": return .imageToImage
        case "inpaint": return .inpaint
        default: break
        }
        if hasHires { return .textToImage }
        let ofMasks = ["Mask blur", "Masked content", "Inpaint area", "Mask mode"]
        if ofMasks.contains(where: { self[$0] != nil }) { return .inpaint }
        if self["Image CFG scale"] != nil { return .instruct }
        return self["Denoising strength"] == nil || isWholeRun ? .textToImage : .imageToImage
    }
}
