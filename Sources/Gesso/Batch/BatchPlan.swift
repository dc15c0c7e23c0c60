import Files
import Foundation
public import Imaging
public import Recipes

/// A batch before any folder is opened: how the request of each picture of a list is made.
public struct BatchPlan {
    /// What a batch is made with beside its recipes.
    public struct Options: Sendable {
        /// What is done; nil is what the presets or the masks are for.
        public var verb: Verb?
        /// A folder of masks named as the pictures are, or one mask for all, as text.
        public var masks: String?
        /// Whether the list of pictures names masks.
        public var masksAreListed = false
        /// The names of results, of {stem}, {seed}, {index}, {ext} and {verb}.
        public var name = "{stem}.{ext}"
        /// The format of results; nil is what `name` ends in, or each picture's own.
        public var format: ImageFormat?
        /// The quality of results that have one.
        public var quality: Int?
        /// The checkpoint; nil leaves the choice to the library.
        public var model: String?
        /// A folder with the tokenizer of a checkpoint that has none.
        public var tokenizer: String?

        /// All at their defaults.
        public init() {}
    }

    /// What is done, or last of several edits.
    public let verb: Verb
    /// All that is done, in the order of the edits.
    public let verbs: [Verb]
    private let options: Options
    private let source: RecipeSource
    /// What is done where the preset has edits of its own.
    private let edits: BatchRecipe?
    private let template: NameTemplate
    private let masks: BatchMasks
    /// That of the first picture, if it is given.
    public let seed: UInt64?
    /// Of all that the pictures depend on, but for the seed and the pictures themselves.
    public let fingerprint: String

    /// What can be done to many pictures.
    public static let possibleVerbs = Verb.allCases.filter { $0 != .textToImage }

    /// - Parameter source: what the recipes are made from.
    /// - Throws: `RecipeError` and `GessoError` for what cannot be.
    public init(_ source: RecipeSource, _ options: Options, with library: Library) throws {
        (self.options, self.source) = (options, source)
        masks = try BatchMasks(options.masks)
        edits = try BatchRecipe(source, masks)
        let outline = try edits?.outline().edits
        verb = outline?.last?.verb ?? options.verb ?? Self.verb(source.presets, options, masks)
        template = try NameTemplate(options.name)
        let recipes = try outline?.map(\.recipe) ?? [source.outline(verb)]
        seed = edits?.isSeeded == false ? nil : recipes[0].seed
        verbs = outline?.map(\.verb) ?? [verb]
        let painted = zip(verbs, recipes).filter { $1.steps > 0 }.map(\.0)
        let checkpoint =
            painted.isEmpty
            ? nil : try library.checkpoint(options.model ?? library.standardModel(for: painted))
        fingerprint = Self.fingerprint(
            verbs, recipes, edits == nil ? [] : source.presets, options, checkpoint)
    }

    /// The pictures of a list, in its order. One whose line of the list is wrong, or whose result would have
    /// the name of an earlier one's, carries its fault.
    ///
    /// - Parameter seed: that of the first picture; nil where it is not known yet.
    /// - Throws: `GessoError` when the template gives all pictures the same name, and what is wrong with the
    ///   first where none can be made and no line of a list is to blame.
    public func items(_ list: BatchList, seed: UInt64?) throws -> [Batch.Item] {
        var inputOfName: [String: String] = [:]
        var controls = BatchControls()
        let items = try list.items.enumerated().map { index, item in
            var request: Request
            let (name, format): (String, ImageFormat)
            do {
                if let fault = item.fault { throw fault }
                let own = seed.map { $0 &+ UInt64(index) }
                request = try self.request(for: item, seed: own, &controls)
                let first = edits != nil && seed == nil ? nil : request.edits.first?.recipe.seed
                (name, format) = try self.name(of: item, index, seed: first)
            } catch {
                return Self.left(item, GessoError(error))
            }
            if let place = inputOfName.index(forKey: name) {
                // Swift takes names for one whose letters are composed in another way.
                let (known, other) = inputOfName[place]
                let isSame = known.utf8.elementsEqual(name.utf8)
                let fault = GessoError(
                    .usage,
                    other.utf8.elementsEqual(item.input.utf8)
                        ? "\(other) is there twice"
                        : "\(other) and \(item.input) would both become \(name)"
                            + (isSame ? "" : ", but for how its letters are composed"),
                    remedy: .part("name", "put {index} in the name"))
                guard template.tellsPicturesApart else { throw fault }
                return Self.left(item, fault)
            }
            inputOfName[name] = item.input
            (request.format, request.quality) = (
                format, format.hasQuality ? options.quality : nil
            )
            return Batch.Item(
                input: item.input, output: name, request: request, settings: item.settings,
                mask: item.mask)
        }
        // What is wrong with lines is told of each.
        let isOfLines = list.items.contains {
            $0.isOfLine && ($0.fault != nil || !$0.settings.isEmpty)
        }
        if let fault = items.first?.fault, !isOfLines, items.allSatisfy({ $0.fault != nil }) {
            throw fault
        }
        return items
    }

    /// A picture that is left out. It has no result, so the place of the fault stands for its name.
    private static func left(_ item: BatchList.Item, _ fault: GessoError) -> Batch.Item {
        Batch.Item(
            input: item.input, output: fault.place ?? item.input, request: Request([]),
            settings: item.settings, fault: fault)
    }

    /// The name of a result, and its format.
    private func name(
        of item: BatchList.Item, _ index: Int, seed: UInt64?
    ) throws -> (name: String, format: ImageFormat) {
        let format =
            options.format ?? template.format ?? item.format.flatMap { $0.isWritten ? $0 : nil }
            ?? .png
        let own = item.format == format ? item.input.pathEnding : nil
        let name =
            item.folder
            + template.name([
                "stem": item.stem, "seed": seed.map { "\($0)" } ?? "{seed}",
                "verb": verb.rawValue, "index": String(format: "%04d", index + 1),
                "ext": own ?? format.fileExtension,
            ])
        guard ImageFormat(pathExtension: name.pathEnding) == format else {
            throw GessoError(
                .usage, "'\(name.suffix(40))' is no name of a \(format.rawValue)",
                remedy: .part("name", "end it in .{ext}"))
        }
        return (name, format)
    }

    /// The pictures of a list that are edited, and the paths of those that are left out because they are
    /// the masks of others.
    public func withoutMasks(_ list: BatchList) -> (edited: BatchList, masks: [String]) {
        let masks = self.masks.among(list).map(\.input)
        let names = Set(masks)
        return (masks.isEmpty ? list : list.filter { !names.contains($0.input) }, masks)
    }

    /// What is done to a picture.
    private func request(
        for item: BatchList.Item, seed: UInt64?, _ controls: inout BatchControls
    ) throws -> Request {
        var request: Request
        let item = item.drawingSeed(by: seed)
        if item.mask != nil, edits == nil ? verb != .inpaint : !masks.isGiven {
            throw GessoError(
                .usage, "\(item.input) has a mask, which nothing is done with",
                remedy: edits == nil
                    ? .part("verb", "give inpaint, or leave the mask out of the list")
                    : .part("masks", "give one mask for each picture, for one name"))
        }
        if let edits {
            request = try edits.request(for: item, seed: seed)
        } else {
            var recipe = try source.recipe(verb, overriddenBy: item.settings)
            if recipe.seed == nil || !item.settings.contains(where: { $0.key == "seed" }) {
                recipe = recipe.seeded(seed ?? recipe.seed)
            }
            request = Request([
                Request.Edit(
                    verb, recipe, mask: verb == .inpaint ? try masks.plan(for: item) : nil)
            ])
            request.recipes = source.presets.map(Request.RecipeFile.init)
        }
        (request.model, request.tokenizer) = (options.model, options.tokenizer)
        request.edits = request.edits.map { controls.edit($0, of: item) }
        request.take(.file(item.input))
        return request
    }

    private static func verb(
        _ presets: [Preset], _ options: Options, _ masks: BatchMasks
    ) -> Verb {
        if masks.isGiven || options.masksAreListed { return .inpaint }
        let offered: [Verb] = [.imageToImage, .outpaint, .inpaint]
        return offered.first { verb in presets.allSatisfy { $0.verbs.contains(verb) } }
            ?? .imageToImage
    }

    private static func fingerprint(
        _ verbs: [Verb], _ recipes: [Recipe], _ presets: [Preset], _ options: Options,
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
        facts += presets.flatMap { [$0.text] + $0.bases.map(\.text) }
        facts.append(model?.standardizedFileURL.path ?? "")
        facts += [options.masks ?? "", options.name, options.format?.rawValue ?? ""]
        facts.append(options.quality.map { "\($0)" } ?? "")
        return Digest.sha256(Data(facts.joined(separator: "\u{0}").utf8))
    }
}
