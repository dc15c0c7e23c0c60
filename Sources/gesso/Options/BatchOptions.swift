import ArgumentParser
import Editing
import Foundation
import Imaging
import Recipes

/// What a batch is made with.
struct BatchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder for the results; made if missing.", valueName: "folder"),
        completion: .directory)
    var outputDir: String

    @Option(
        help: ArgumentHelp(
            "What is done: img2img, inpaint or outpaint (default: what the preset or the masks "
                + "are for).", valueName: "verb"),
        completion: .list(["img2img", "inpaint", "outpaint"]))
    var verb: String?

    @Option(
        help: ArgumentHelp(
            "A folder of masks named as the pictures are, or one mask for all, as behind "
                + "`inpaint --mask`.", valueName: "folder or mask"),
        completion: .file())
    var masks: String?

    @Option(
        help: ArgumentHelp(
            "Names of the results, of {stem}, {seed}, {index}, {ext} and {verb}.",
            valueName: "template"))
    var name = "{stem}.{ext}"

    @Option(parsing: .unconditional, help: help("strength", "x"))
    var strength: String?

    @Option(help: help("fill", "fill"), completion: .list(key("fill").choices))
    var fill: String?

    @OptionGroup var recipe: RecipeOptions

    @Option(
        help: ArgumentHelp("Checkpoint, as in `gesso img2img`.", valueName: "folder or file"),
        completion: CompletionValues.models)
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Folder with vocab.json and merges.txt, for a checkpoint that has none.",
            valueName: "folder"), completion: .directory)
    var tokenizer: String?

    @Option(
        help: ArgumentHelp(
            "Threads to compute with (default: all cores); results do not depend on it.",
            valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Format of all results: png, jpg or webp (default: each picture's own).",
            valueName: "name"),
        completion: .list(["png", "jpg", "webp"]))
    var format: String?

    @Option(
        help: ArgumentHelp(
            "Quality of JPEGs (default: that of the picture, else 95) and of WebPs (default: "
                + "lossless), 1 to 100.", valueName: "n"))
    var quality: Int?

    mutating func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads), not 1 to 1024")
        }
        if let quality, !(1...100).contains(quality) {
            throw ValidationError("--quality is \(quality), not 1 to 100")
        }
    }
}

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

    init(_ options: BatchOptions) throws {
        self.options = options
        presets = try options.recipe.files()
        masks = try BatchMasks(options.masks)
        verb = try Self.verb(options, presets, masks)
        settings = [
            setting("strength", options.strength), setting("fill", options.fill),
        ].compactMap(\.self)
        template = try NameTemplate(options.name)
        format = try options.format.map { name in
            guard let format = ImageFormat(pathExtension: name) else {
                throw Failure(
                    .usage, "unknown format '\(name.prefix(20))'", at: "--format",
                    do: "give png, jpg or webp")
            }
            return format
        }
        let recipe = try options.recipe.recipe(verb, settings, presets)
        seed = recipe.seed
        let shelf = ModelShelf()
        let url = recipe.steps > 0 ? try shelf.model(options.model) : nil
        let tokenizers = try shelf.tokenizers(options.tokenizer)
        model = url.map { ModelOnCall($0, tokenizers: tokenizers) }
        manner = EditRun.Manner(threads: options.threads, quiet: true)
        fingerprint = Self.fingerprint(verb, recipe, options, url)
    }

    /// The jobs of a list, in its order.
    ///
    /// - Throws: `Failure` when two of them would have one name, `RecipeError` for settings of a list.
    func jobs(_ list: BatchList, seed: UInt64) throws -> [BatchRun.Job] {
        var inputOfName: [String: String] = [:]
        return try list.items.enumerated().map { index, item in
            var recipe = try options.recipe.recipe(
                verb, settings, presets, overriddenBy: item.settings)
            if recipe.seed == nil || recipe.seed == self.seed {
                recipe.seed = seed &+ UInt64(index)
            }
            let format = format ?? item.format ?? .png
            let own = item.format == format ? (item.input as NSString).pathExtension : nil
            let name =
                item.folder
                + template.name([
                    "stem": item.stem, "seed": "\(recipe.seed ?? 0)", "verb": verb.rawValue,
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
                mask: verb == .inpaint ? MaskPlan(try masks.parts(for: item)) : nil)
            return BatchRun.Job(
                item: item, output: name, seed: recipe.seed ?? 0, format: format,
                chain: EditChain(steps: [step], model: model, manner: manner))
        }
    }

    private static func verb(
        _ options: BatchOptions, _ presets: [Preset], _ masks: BatchMasks
    ) throws -> Verb {
        if let name = options.verb {
            if let verb = Verb(rawValue: name), verb != .textToImage { return verb }
            throw Failure(
                .usage, "verb is '\(name.prefix(20))'", at: "--verb",
                do: "give img2img, inpaint, outpaint, instruct or upscale")
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
            options.name, options.format ?? "", options.quality.map { "\($0)" } ?? "",
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

/// The masks of a batch.
enum BatchMasks {
    case none
    /// One for all pictures.
    case one(MaskPart)
    /// Files named as the pictures are.
    case folder(String)

    init(_ spec: String?) throws {
        guard let spec else {
            self = .none
            return
        }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: FilePath.literal(spec), isDirectory: &isFolder),
            isFolder.boolValue
        {
            self = .folder(FilePath.literal(spec))
        } else {
            self = .one(MaskPart(spec: spec, source: try MaskSource(spec), subtracts: false))
        }
    }

    var isGiven: Bool {
        if case .none = self { false } else { true }
    }

    /// The mask of a picture: that of its list, else the one for all, else the file of its name.
    func parts(for item: BatchList.Item) throws -> [MaskPart] {
        if let own = item.mask {
            return [MaskPart(spec: own, source: try MaskSource(own), subtracts: false)]
        }
        switch self {
        case .none:
            throw Failure(
                .usage, "no mask for \(item.input)", at: "--masks",
                do: "give a folder of masks, one for all, or one in the list")
        case .one(let part): return [part]
        case .folder(let folder):
            let base = (folder as NSString).appendingPathComponent(item.folder + item.stem)
            let path =
                ["png", "jpg", "jpeg", "webp"].map { base + "." + $0 }
                .first { FileManager.default.fileExists(atPath: $0) } ?? base + ".png"
            return [MaskPart(spec: path, source: .file(path), subtracts: false)]
        }
    }
}
