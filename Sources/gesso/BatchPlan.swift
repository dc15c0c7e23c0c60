import Foundation
import Gesso

/// A batch as its options have it, before any folder is opened.
struct BatchPlan {
    let verb: Verb
    private let options: BatchOptions
    private let presets: [Preset]
    private let settings: [Setting]
    /// What is done where the preset has edits of its own.
    private let edits: BatchRecipe?
    private let template: NameTemplate
    private let masks: BatchMasks
    private let format: ImageFormat?
    /// That of the first picture, if it is given.
    let seed: UInt64?
    /// Of all that the pictures depend on, but for the seed and the pictures themselves.
    let fingerprint: String
    /// The checkpoint that is asked for; nil leaves the choice to the library.
    private let model: String?

    /// What can be done to many pictures.
    static let verbs = Verb.allCases.filter { $0 != .textToImage }

    /// - Parameter isQuiet: leaves notes untold.
    init(_ options: BatchOptions, isQuiet: Bool) throws {
        self.options = options
        presets = try options.recipe.files()
        masks = try BatchMasks(options.masks)
        settings = [
            setting("strength", options.strength), setting("fill", options.fill),
        ].compactMap(\.self)
        edits = try BatchRecipe(presets, options.recipe, settings, masks)
        let outline = try edits?.outline()
        verb = try outline?.last?.verb ?? Self.verb(options, presets, masks)
        template = try NameTemplate(options.name)
        format = try options.engine.format.map(Output.format(named:))
        if let format { try Output.check(options.engine.quality, for: format) }
        let recipes =
            try outline?.map(\.recipe)
            ?? [options.recipe.outline(verb, settings, presets)]
        seed = try edits?.isSeeded() == false ? nil : recipes[0].seed
        let verbs = outline?.map(\.verb) ?? [verb]
        RecipeOptions.note(presets, for: verbs, quiet: isQuiet)
        let painted = zip(verbs, recipes).filter { $1.steps > 0 }.map(\.0)
        model = try options.engine.model(
            storedIn: options.recipe.storedSettings(), quiet: isQuiet)
        let library = Workplace.library
        let checkpoint =
            painted.isEmpty
            ? nil : try library.checkpoint(model ?? library.standardModel(for: painted))
        fingerprint = Self.fingerprint(
            verbs, recipes, edits?.presets ?? [], options, checkpoint)
    }

    /// The pictures of a list, in its order.
    ///
    /// - Parameter seed: that of the first picture; nil where it is not known yet.
    /// - Throws: `Failure` when two of them would have one name, `RecipeError` for settings of a list.
    func items(_ list: BatchList, seed: UInt64?) throws -> [Batch.Item] {
        var inputOfName: [String: String] = [:]
        return try list.items.enumerated().map { index, item in
            var request = try request(for: item, seed: seed.map { $0 &+ UInt64(index) })
            let first = edits != nil && seed == nil ? nil : request.edits.first?.recipe.seed
            let format = format ?? item.format ?? .png
            let own = item.format == format ? (item.input as NSString).pathExtension : nil
            let name =
                item.folder
                + template.name([
                    "stem": item.stem, "seed": first.map { "\($0)" } ?? "{seed}",
                    "verb": verb.rawValue,
                    "index": String(format: "%04d", index + 1),
                    "ext": own ?? format.fileExtension,
                ])
            guard ImageFormat(pathExtension: (name as NSString).pathExtension) == format else {
                throw Failure(
                    .usage, "'\(name.suffix(40))' is no name of a \(format.rawValue)",
                    at: "--name", do: "end it in .{ext}")
            }
            if let other = inputOfName.updateValue(item.input, forKey: name) {
                throw Failure(
                    .usage, "\(other) and \(item.input) would both become \(name)", at: "--name",
                    do: "put {index} in the name")
            }
            (request.format, request.quality) = (
                format, format == .png ? nil : options.engine.quality
            )
            return Batch.Item(
                input: item.input, output: name, request: request, settings: item.settings)
        }
    }

    /// What is done to a picture.
    private func request(for item: BatchList.Item, seed: UInt64?) throws -> Request {
        var request: Request
        if let edits {
            request = Request(
                try edits.edits(for: item, seed: seed).map {
                    Request.Edit($0.verb, $0.recipe, mask: $0.mask)
                })
            request.variables = try edits.variables()
        } else {
            var recipe = try options.recipe.recipe(
                verb, settings, presets, overriddenBy: item.settings)
            if recipe.seed == nil || recipe.seed == self.seed { recipe.seed = seed }
            request = Request([
                Request.Edit(
                    verb, recipe, mask: verb == .inpaint ? try masks.plan(for: item) : nil)
            ])
        }
        request.recipes = (edits?.presets ?? presets).map(Request.RecipeFile.init)
        (request.model, request.tokenizer) = (model, options.engine.tokenizer)
        request.take(item.input)
        return request
    }

    private static func verb(
        _ options: BatchOptions, _ presets: [Preset], _ masks: BatchMasks
    ) throws -> Verb {
        if let name = options.verb {
            if let verb = verbs.first(where: { $0.rawValue == name }) { return verb }
            let names = verbs.map(\.rawValue)
            throw Failure(
                .usage, "verb is '\(name.prefix(20))'", at: "--verb",
                do: nearMiss(name, among: names).map { "did you mean '\($0)'?" }
                    ?? "give one of " + names.joined(separator: ", "))
        }
        if masks.isGiven { return .inpaint }
        let offered: [Verb] = [.imageToImage, .outpaint, .inpaint]
        return offered.first { verb in presets.allSatisfy { $0.verbs.contains(verb) } }
            ?? .imageToImage
    }

    private static func fingerprint(
        _ verbs: [Verb], _ recipes: [Recipe], _ presets: [Preset], _ options: BatchOptions,
        _ model: URL?
    ) -> String {
        var facts: [String] = []
        for (verb, recipe) in zip(verbs, recipes) {
            for key in Recipe.keys where key.name != "seed" && key.verbs.contains(verb) {
                let value = key.value(in: recipe).map { "\($0)" }
                facts.append(key.name + "=" + (value ?? ""))
            }
            facts.append(verb.rawValue)
        }
        // Masks are in no recipe.
        facts += presets.map(\.text)
        facts.append(model?.standardizedFileURL.path ?? "")
        facts += [options.masks ?? "", options.name, options.engine.format ?? ""]
        facts.append(options.engine.quality.map { "\($0)" } ?? "")
        return Digest.sha256(Data(facts.joined(separator: "\u{0}").utf8))
    }
}

extension ImageFormat {
    /// The usual ending of a file's name.
    fileprivate var fileExtension: String {
        self == .jpeg ? "jpg" : rawValue.lowercased()
    }
}
