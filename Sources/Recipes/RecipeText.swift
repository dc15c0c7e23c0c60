import Yams

/// The text of a recipe file: a YAML mapping of the shape that recipes have, and nothing else of YAML.
///
/// Anchors, aliases, tags, directives, several documents and nests without end have no use here, and
/// libyaml takes quadratic time over nested brackets and follows aliases without end. So the outline
/// of the text is checked first; Yams then only ever meets shallow mappings and lists of plain, quoted
/// and block scalars.
struct RecipeText {
    /// The most bytes a file may have.
    static let maximumSize = 256 * 1024

    /// The mapping's entries in their order.
    let entries: [RecipeNode.Entry]

    /// Reads the bytes of a file; `name` stands for it in errors.
    init(
        _ bytes: [UInt8], name: String, as shape: RecipeShape = .flat
    ) throws(RecipeError) {
        guard bytes.count <= Self.maximumSize else {
            throw .tooLong(path: name, limit: Self.maximumSize)
        }
        let text = try RecipeOutline.text(bytes, name: name)
        try RecipeOutline.check(text, name: name, as: shape)
        entries = try Self.entries(of: text, name: name)
    }

    /// The entries, each with one text.
    func settings() throws(RecipeError) -> [Setting] {
        var settings: [Setting] = []
        for entry in entries { settings.append(try entry.setting()) }
        return settings
    }

    private static func entries(of text: String, name: String) throws(RecipeError)
        -> [RecipeNode.Entry]
    {
        do {
            guard let root = try Parser(yaml: text, encoding: .utf8).singleRoot() else { return [] }
            return RecipeNode(root, in: name).entries ?? []
        } catch {
            throw malformed(error, in: name)
        }
    }

    /// libyaml's own words, with the place they speak of.
    private static func malformed(_ error: any Error, in name: String) -> RecipeError {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .malformed(problem, at: Origin(mark, in: name), remedy: RecipeOutline.form)
        default:
            .malformed(
                "not readable as YAML", at: Origin(nil, in: name), remedy: RecipeOutline.form)
        }
    }
}

/// A piece of a recipe file with its place.
indirect enum RecipeNode {
    case text(String, Origin)
    case nothing(Origin)
    case list([RecipeNode], Origin)
    case mapping([Entry], Origin)

    /// A key with what is behind it.
    struct Entry {
        let key: String
        let keyOrigin: Origin
        let value: RecipeNode

        /// The key with its text.
        ///
        /// - Throws: `RecipeError.malformed` where there is something else.
        func setting() throws(RecipeError) -> Setting {
            guard case .text(let text, let origin) = value else {
                throw .malformed("a nested value", at: value.origin, remedy: RecipeOutline.form)
            }
            return Setting(key, text, at: origin, keyAt: keyOrigin)
        }
    }

    var origin: Origin {
        switch self {
        case .text(_, let origin), .nothing(let origin), .list(_, let origin),
            .mapping(_, let origin):
            origin
        }
    }

    /// What a mapping holds.
    var entries: [Entry]? {
        if case .mapping(let entries, _) = self { entries } else { nil }
    }

    /// A text, or the texts of a list, each with its place.
    ///
    /// - Throws: `RecipeError.malformed` where there is something else.
    func texts() throws(RecipeError) -> [(text: String, origin: Origin)] {
        switch self {
        case .text(let text, let origin): return [(text, origin)]
        case .list(let items, _):
            var texts: [(text: String, origin: Origin)] = []
            for item in items { texts += try item.texts() }
            return texts
        case .nothing(let origin), .mapping(_, let origin):
            throw .malformed("no text", at: origin, remedy: "put it in quotes")
        }
    }

    /// What Yams made of a text whose outline has been checked.
    fileprivate init(_ node: Node, in name: String) {
        let origin = Origin(node.mark, in: name)
        switch node {
        case .scalar(let scalar):
            let isNothing = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            self = isNothing ? .nothing(origin) : .text(scalar.string, origin)
        case .sequence(let items):
            self = .list(items.map { RecipeNode($0, in: name) }, origin)
        case .mapping(let pairs):
            self = .mapping(
                pairs.map { key, value in
                    Entry(
                        key: key.scalar?.string ?? "", keyOrigin: Origin(key.mark, in: name),
                        value: RecipeNode(value, in: name))
                }, origin)
        case .alias: self = .nothing(origin)
        }
    }
}

extension Origin {
    fileprivate init(_ mark: Mark?, in name: String) {
        self = .file(name, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }
}
