import Foundation
import Imaging
public import Recipes

extension Request: Codable {
    private enum CodingKeys: String, CodingKey {
        case edits, pictures, model, tokenizer, format, quality, recipes, variables
    }

    /// A request as JSON has it; all but `edits` may be left out.
    ///
    /// - Throws: `DecodingError` for another form, `RecipeError` for settings that do not exist, are out of
    ///   range or have no use.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(try container.decode([Edit].self, forKey: .edits))
        pictures = try container.decodeIfPresent([String: Picture].self, forKey: .pictures) ?? [:]
        model = try container.decodeIfPresent(String.self, forKey: .model)
        tokenizer = try container.decodeIfPresent(String.self, forKey: .tokenizer)
        if let name = try container.decodeIfPresent(String.self, forKey: .format) {
            guard let format = ImageFormat(written: name) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .format, in: container, debugDescription: "no format '\(name)'")
            }
            self.format = format
        }
        quality = try Self.checked(
            quality: container.decodeIfPresent(Int.self, forKey: .quality))
        recipes = try container.decodeIfPresent([RecipeFile].self, forKey: .recipes) ?? []
        variables = try container.decodeIfPresent([String: String].self, forKey: .variables)
    }

    /// A quality of a file.
    ///
    /// - Throws: `RecipeError` for one that is out of range.
    static func checked(quality: Int?) throws(RecipeError) -> Int? {
        guard let quality, !(1...100).contains(quality) else { return quality }
        throw .badValue(
            key: "quality", value: "\(quality)", at: .argument("quality"),
            expected: "a whole number from 1 to 100")
    }

    /// All of it but files of add-ons, which a receipt keeps with their hashes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(edits, forKey: .edits)
        try container.encode(pictures, forKey: .pictures)
        try container.encodeIfPresent(model, forKey: .model)
        try container.encodeIfPresent(tokenizer, forKey: .tokenizer)
        try container.encode(format.rawValue.lowercased(), forKey: .format)
        try container.encodeIfPresent(quality, forKey: .quality)
        try container.encode(recipes, forKey: .recipes)
        try container.encodeIfPresent(variables, forKey: .variables)
    }
}

extension Request.Edit: Codable {
    private enum CodingKeys: String, CodingKey {
        case verb, settings, mask
    }

    /// An edit with the settings that are given, the others being the verb's defaults.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try container.decode(String.self, forKey: .verb)
        guard let verb = Verb(rawValue: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .verb, in: container, debugDescription: "no verb '\(name)'")
        }
        let settings = try container.decodeIfPresent([String: Key.Value?].self, forKey: .settings)
        let mask = try container.decodeIfPresent(MaskForm.self, forKey: .mask)?.plan()
        try mask?.check(at: .argument("mask"))
        self.init(verb, try Recipe(verb, values: settings ?? [:]), mask: mask)
    }

    /// Every key of the verb; null leaves the choice to the model.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(verb.rawValue, forKey: .verb)
        try container.encode(recipe.values(for: verb), forKey: .settings)
        try container.encodeIfPresent(mask.map(MaskForm.init), forKey: .mask)
    }
}

extension Recipe {
    /// The recipe of values by their keys; nil values are as if they were not given.
    ///
    /// - Throws: `RecipeError`, in which a key is its own place.
    init(_ verb: Verb, values: [String: Key.Value?]) throws(RecipeError) {
        var settings: [Setting] = []
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            if let value { settings.append(Setting(key, "\(value)", at: .argument(key))) }
        }
        try self.init(verb, settings: settings)
    }

    /// The values of all keys of a verb; nil where the choice is open, and for the sides of a canvas
    /// that grows to an aspect or a size.
    public func values(for verb: Verb) -> [String: Key.Value?] {
        var values: [String: Key.Value?] = [:]
        for key in Recipe.keys where key.verbs.contains(verb) {
            values.updateValue(key.value(in: self), forKey: key.name)
        }
        if !choosesSteps { values.updateValue(nil, forKey: "steps") }
        if !choosesGuidanceScale { values.updateValue(nil, forKey: "guidance_scale") }
        if !choosesStrength, values["strength"] != nil {
            values.updateValue(nil, forKey: "strength")
        }
        if case .sides = growth { return values }
        for side in ["left", "right", "top", "bottom"] where values[side] != nil {
            values.updateValue(nil, forKey: side)
        }
        return values
    }
}

/// A mask as JSON has it.
struct MaskForm: Codable {
    let name: String?
    let parts: [Part]
    let inverts: Bool?
    let grow: Int?

    /// A picture by its name, a shape as text, or a mask.
    struct Part: Codable {
        let picture: String?
        let shape: String?
        let mask: MaskForm?
        let subtracts: Bool?
    }

    init(_ plan: MaskPlan) {
        name = plan.name
        (inverts, grow) = (plan.inverts ? true : nil, plan.grow == 0 ? nil : plan.grow)
        parts = plan.parts.map { part in
            let subtracts = part.subtracts ? true : nil
            return switch part.source {
            case .picture(let name):
                Part(picture: name, shape: nil, mask: nil, subtracts: subtracts)
            case .mask(let plan):
                Part(picture: nil, shape: nil, mask: MaskForm(plan), subtracts: subtracts)
            case .alpha, .color, .polygon:
                Part(picture: nil, shape: part.source.text, mask: nil, subtracts: subtracts)
            }
        }
    }

    func plan() throws -> MaskPlan {
        MaskPlan(
            name: name,
            parts: try parts.map { part in
                let source: MaskSource =
                    if let mask = part.mask {
                        .mask(try mask.plan())
                    } else if let shape = part.shape {
                        try MaskSource(shape, at: .argument("mask"))
                    } else {
                        .picture(part.picture ?? "")
                    }
                return MaskPlan.Part(
                    source, subtracts: part.subtracts ?? false, at: .argument("mask"))
            }, inverts: inverts ?? false, grow: grow ?? 0)
    }
}
