import Editing
import Foundation
import Imaging
import Recipes

/// A batch as its options have it, before any folder is opened.
struct BatchPlan {
    let verb: Verb
    private let options: BatchOptions
    private let presets: [Preset]
    private let settings: [Setting]
    private let template: NameTemplate
    private let masks: BatchMasks
    private let format: ImageFormat?
    /// That of the first picture, if it is given.
    let seed: UInt64?
    /// Of all that the pictures depend on, but for the seed and the pictures themselves.
    let fingerprint: String
    private let model: ModelOnCall?
    private let manner: EditRun.Manner

    /// What can be done to many pictures.
    static let verbs = Verb.allCases.filter { $0 != .textToImage }

    /// - Parameter isQuiet: leaves notes untold.
    init(_ options: BatchOptions, isQuiet: Bool) throws {
        self.options = options
        presets = try options.recipe.files()
        masks = try BatchMasks(options.masks)
        verb = try Self.verb(options, presets, masks)
        settings = [
            setting("strength", options.strength), setting("fill", options.fill),
        ].compactMap(\.self)
        template = try NameTemplate(options.name)
        format = try options.engine.format.map(Output.format(named:))
        if let format { try Output.check(options.engine.quality, for: format) }
        let recipe = try options.recipe.recipe(verb, settings, presets)
        seed = recipe.seed
        model = try options.engine.model(
            for: recipe, stored: options.recipe.storedSettings(), quiet: isQuiet)
        manner = EditRun.Manner(threads: options.engine.threads, quiet: true)
        fingerprint = Self.fingerprint(verb, recipe, options, model?.url)
    }

    /// The jobs of a list, in its order.
    ///
    /// - Parameter seed: that of the first picture; nil where it is not known yet.
    /// - Throws: `Failure` when two of them would have one name, `RecipeError` for settings of a list.
    func jobs(_ list: BatchList, seed: UInt64?) throws -> [BatchRun.Job] {
        var inputOfName: [String: String] = [:]
        return try list.items.enumerated().map { index, item in
            var recipe = try options.recipe.recipe(
                verb, settings, presets, overriddenBy: item.settings)
            if recipe.seed == nil || recipe.seed == self.seed {
                recipe.seed = seed.map { $0 &+ UInt64(index) }
            }
            let format = format ?? item.format ?? .png
            let own = item.format == format ? (item.input as NSString).pathExtension : nil
            let name =
                item.folder
                + template.name([
                    "stem": item.stem, "seed": recipe.seed.map { "\($0)" } ?? "{seed}",
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
            let step = EditChain.Step(
                verb: verb, recipe: recipe, presets: presets,
                masks: verb == .inpaint ? try masks.parts(for: item) : [])
            return BatchRun.Job(
                item: item, output: name, seed: recipe.seed ?? 0, format: format,
                chain: EditChain(steps: [step], model: model, manner: manner))
        }
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
        _ verb: Verb, _ recipe: Recipe, _ options: BatchOptions, _ model: URL?
    ) -> String {
        var facts = Recipe.keys.filter { $0.name != "seed" && $0.verbs.contains(verb) }
            .map { key in key.name + "=" + (key.value(in: recipe).map { "\($0)" } ?? "") }
        facts += [
            verb.rawValue, model?.standardizedFileURL.path ?? "", options.masks ?? "",
            options.name, options.engine.format ?? "", options.engine.quality.map { "\($0)" } ?? "",
        ]
        return Digest.of(Data(facts.joined(separator: "\u{0}").utf8))
    }
}

extension ImageFormat {
    /// The usual ending of a file's name.
    fileprivate var fileExtension: String {
        self == .jpeg ? "jpg" : rawValue.lowercased()
    }
}
