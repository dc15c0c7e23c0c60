/// A part of a mask as a recipe names it: words as behind `--mask`, a file, or another mask's name.
struct MaskItem: Sendable, Equatable {
    /// The text, with variables in braces.
    let text: String
    /// Whether it is taken away instead of added.
    let subtracts: Bool
    /// The folder that files lie in; nil where there is none.
    let folder: String?
    let origin: Origin

    /// The parts that a value lists; a `-` before all but the first takes away.
    static func all(_ node: RecipeNode, in folder: String?) throws(RecipeError) -> [MaskItem] {
        var items: [MaskItem] = []
        for (text, origin) in try node.texts() {
            let subtracts = text.hasPrefix("-")
            guard !subtracts || !items.isEmpty else {
                throw .malformed(
                    "the first mask '\(text.prefix(40))' takes away from nothing", at: origin,
                    remedy: "put another before it")
            }
            let rest = String(subtracts ? text.dropFirst() : text[...])
            guard !rest.isEmpty else {
                throw .malformed("an empty mask", at: origin, remedy: "name one")
            }
            items.append(
                MaskItem(text: rest, subtracts: subtracts, folder: folder, origin: origin))
        }
        guard !items.isEmpty else {
            throw .malformed("no mask in the list", at: node.origin, remedy: "name one")
        }
        return items
    }
}

/// A mask that a recipe's edits use by name. It is on the picture that the recipe begins with.
public struct NamedMask: Sendable, Equatable {
    /// What edits call it.
    public let name: String
    /// What it is made of; nil if that must be given.
    let items: [MaskItem]?
    private let settings: [Setting]
    /// Where it is declared.
    public let origin: Origin

    /// Whether `--mask` must say what it is.
    public var isOpen: Bool { items == nil }

    /// The masks of a file.
    static func all(
        _ entry: RecipeNode.Entry, in folder: String?
    ) throws(RecipeError) -> [NamedMask] {
        var masks: [NamedMask] = []
        for one in entry.value.entries ?? [] {
            guard Template.isName(one.key), !MaskSource.isShape(one.key) else {
                throw .malformed(
                    "no mask can be called '\(one.key.prefix(40))'", at: one.keyOrigin,
                    remedy: "take another name, of letters, digits, _ and -")
            }
            masks.append(try NamedMask(one, in: folder))
        }
        return masks
    }

    private init(_ entry: RecipeNode.Entry, in folder: String?) throws(RecipeError) {
        name = entry.key
        origin = entry.keyOrigin
        switch entry.value {
        case .nothing: (items, settings) = (nil, [])
        case .text, .list: (items, settings) = (try MaskItem.all(entry.value, in: folder), [])
        case .mapping(let entries, _):
            var (items, settings): ([MaskItem]?, [Setting]) = (nil, [])
            for entry in entries {
                if entry.key == "of" {
                    items = try MaskItem.all(entry.value, in: folder)
                } else {
                    settings.append(try entry.setting())
                }
            }
            (self.items, self.settings) = (items, settings)
        }
        _ = try shape(Variables([]), isChecked: false)
    }

    /// What is done to it, in this order.
    struct Shape {
        var inverts = false
        var grow = 0
        var feather: Int?
    }

    /// Reads `invert`, `grow` and `feather`.
    ///
    /// - Parameter isChecked: else values with variables in them are passed over.
    func shape(_ variables: Variables, isChecked: Bool = true) throws(RecipeError) -> Shape {
        var shape = Shape()
        for setting in settings {
            let template = try Template(setting.value, at: setting.origin)
            if !isChecked, !template.names.isEmpty, Self.keys[setting.key] != nil { continue }
            guard let name = Self.keys[setting.key], let key = Recipe.key(name) else {
                throw .unknownKey(
                    setting.key, at: setting.keyOrigin,
                    meant: nearMiss(setting.key, among: Self.keys.keys.sorted() + ["of"]))
            }
            let value = try variables.text(template, at: setting.origin)
            var recipe = Recipe(.inpaint)
            guard key.set(value, in: &recipe) else {
                throw .badValue(
                    key: setting.key, value: value, at: setting.origin, expected: key.expected)
            }
            switch name {
            case "invert_mask": shape.inverts = recipe.invertMask
            case "mask_grow": shape.grow = recipe.maskGrow
            default: shape.feather = recipe.maskFeather
            }
        }
        return shape
    }

    /// Its keys, and the recipe's whose values they take.
    private static let keys = [
        "invert": "invert_mask", "grow": "mask_grow", "feather": "mask_feather",
    ]
}
