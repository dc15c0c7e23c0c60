import Yams

/// The text of a recipe file: a flat YAML mapping of keys to scalars, and nothing else of YAML.
///
/// Anchors, aliases, tags, lists, nested mappings, directives and several documents have no use here,
/// and libyaml takes quadratic time over nested brackets and follows aliases without end. So the
/// outline of the text is checked first; Yams then only ever meets plain, quoted and block scalars.
struct RecipeText {
    /// The most bytes a file may have.
    static let maximumSize = 256 * 1024

    /// The mapping's entries in their order.
    let settings: [Setting]

    /// Reads the bytes of a file; `name` stands for it in errors.
    init(_ bytes: [UInt8], name: String) throws(RecipeError) {
        guard bytes.count <= Self.maximumSize else {
            throw .tooLong(path: name, limit: Self.maximumSize)
        }
        let text = try RecipeOutline.text(bytes, name: name)
        try RecipeOutline.check(text, name: name)
        settings = try Self.settings(of: text, name: name)
    }

    private static func settings(of text: String, name: String) throws(RecipeError) -> [Setting] {
        let origin = { (mark: Mark?) in
            Origin.file(name, line: mark?.line ?? 1, column: mark?.column ?? 1)
        }
        let pairs: Node.Mapping
        do {
            guard let root = try Parser(yaml: text, encoding: .utf8).singleRoot() else { return [] }
            pairs = root.mapping ?? Node.Mapping([])
        } catch {
            throw malformed(error, origin: origin)
        }
        var settings: [Setting] = []
        for (key, value) in pairs {
            guard let name = key.scalar, let text = value.scalar else {
                throw .malformed(
                    "a nested value", at: origin(value.mark), remedy: RecipeOutline.form)
            }
            settings.append(
                Setting(
                    name.string, text.string, at: origin(text.mark), keyAt: origin(name.mark)))
        }
        return settings
    }

    /// libyaml's own words, with the place they speak of.
    private static func malformed(
        _ error: any Error, origin: (Mark?) -> Origin
    ) -> RecipeError {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .malformed(problem, at: origin(mark), remedy: RecipeOutline.form)
        default:
            .malformed("not readable as YAML", at: origin(nil), remedy: RecipeOutline.form)
        }
    }
}
