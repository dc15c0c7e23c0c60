/// Settings under a name, kept in a file.
public struct Preset: Sendable, Equatable {
    /// What it is called: the file's `name`, else the file's own name without extension.
    public let name: String
    /// One line on what it is for; empty if the file does not say.
    public let summary: String
    /// The verbs it is made for; all if the file does not say.
    public let verbs: [Verb]
    /// Its settings, each of them checked.
    public let settings: [Setting]
    /// The file's text.
    public let text: String

    /// Keys of a preset that are not settings but say something about it.
    static let aboutItself = ["name", "description", "verb"]

    /// Reads and checks a preset.
    ///
    /// - Parameters:
    ///   - bytes: YAML, at most 256 KiB.
    ///   - path: stands for the file in errors, and gives the name if the file has none.
    public init(_ bytes: [UInt8], path: String) throws(RecipeError) {
        let all = try RecipeText(bytes, name: path).settings
        let about = Dictionary(
            all.filter { Self.aboutItself.contains($0.key) }.map { ($0.key, $0) },
            uniquingKeysWith: { first, _ in first })
        name = about["name"]?.value ?? Self.name(ofFile: path)
        summary = about["description"]?.value ?? ""
        if let verb = about["verb"] {
            verbs = try Self.verbs(verb)
        } else {
            verbs = Verb.allCases
        }
        settings = all.filter { !Self.aboutItself.contains($0.key) }
        text = String(decoding: bytes, as: UTF8.self)
        try Layer(settings, for: verbs).checkStepless()
    }

    /// The settings that a picture holds as a text of A1111's; those that no key has are left out.
    ///
    /// - Parameter path: stands for the picture in errors.
    public init(_ infotext: Infotext, of path: String) {
        name = path
        summary = "the settings of a picture"
        verbs = Verb.allCases
        settings = infotext.recipeSettings(at: .argument(path))
        text = infotext.text
    }

    /// Its settings for a verb that it is made for.
    func layer(for verb: Verb) throws(RecipeError) -> Layer {
        guard verbs.contains(verb) else {
            throw .wrongVerb(preset: name, verb: verb, madeFor: verbs)
        }
        return try Layer(settings, for: verbs)
    }

    private static func verbs(_ setting: Setting) throws(RecipeError) -> [Verb] {
        let verbs = setting.value.split(separator: ",").map { Verb(rawValue: $0.trimmed) }
        guard !verbs.isEmpty, !verbs.contains(nil) else {
            throw .badValue(
                key: "verb", value: setting.value, at: setting.origin,
                expected: "one or several of "
                    + Verb.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return verbs.compactMap(\.self)
    }

    private static func name(ofFile path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.split(separator: ".").first.map(String.init) ?? file
    }
}
