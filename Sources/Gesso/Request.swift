import Editing
import Files
public import Foundation
public import Imaging
public import Recipes

/// Pictures by name and a chain of edits, each on the result of the one before; most often there is one
/// edit. As JSON it is the form that receipts keep.
///
/// A request that is made again with the same library gives the same bytes: whatever was left open, as
/// the seed, is filled in when it is carried out and is in the receipt.
public struct Request: Sendable, Equatable {
    /// One edit.
    public struct Edit: Sendable, Equatable {
        /// What is done.
        public var verb: Verb
        /// With what settings.
        public var recipe: Recipe
        /// What is repainted, for `inpaint`; its pictures are those of the request, by name.
        public var mask: MaskPlan?

        /// An edit.
        public init(_ verb: Verb, _ recipe: Recipe, mask: MaskPlan? = nil) {
            (self.verb, self.recipe, self.mask) = (verb, recipe, mask)
        }
    }

    /// The name of the picture that the first edit begins with.
    public static let source = "source"

    /// The pictures by name: `source`, and those of masks.
    public var pictures: [String: Picture] = [:]
    /// The edits in their order, one or more.
    public var edits: [Edit]
    /// The checkpoint's name or path; nil is the library's own choice.
    public var model: String?
    /// A folder with the tokenizer of a checkpoint that has none; nil is any that is found.
    public var tokenizer: String?
    /// The format of the result.
    public var format = ImageFormat.png
    /// The quality of a JPEG, 1 to 100 (nil: the picture's own, else 95), or of a WebP or AVIF (nil: lossless).
    public var quality: Int?
    /// The recipe files that the settings came from, for the record.
    public var recipes: [RecipeFile] = []
    /// The values that a recipe's variables had, for the record; nil where it has none.
    public var variables: [String: String]?
    /// Files of add-ons that are known, by `key:name`, such as `lora:ink`; they precede any search.
    public var addOnFiles: [String: URL] = [:]

    /// A recipe file as it was when it was read.
    public struct RecipeFile: Sendable, Equatable, Codable {
        /// The preset's name.
        public let name: String
        /// The hash of the file's text.
        public let sha256: String

        /// The record of a preset.
        public init(_ preset: Preset) {
            (name, sha256) = (preset.name, Digest.sha256(Data(preset.text.utf8)))
        }
    }

    /// A chain of edits.
    public init(_ edits: [Edit], pictures: [String: Picture] = [:]) {
        (self.edits, self.pictures) = (edits, pictures)
    }

    /// One edit, from settings by their keys.
    ///
    /// - Parameters:
    ///   - settings: such as `["prompt": "a red armchair", "steps": "12"]`; `Recipe.keys` lists them.
    ///   - source: the picture to edit; nil for `txt2img`.
    ///   - mask: what is repainted, for `inpaint`: `rect:40,60,200,80`, another shape, or the path of a
    ///     picture.
    /// - Throws: `RecipeError` for settings that do not exist, are out of range or have no use.
    public init(
        _ verb: Verb, _ settings: [String: String], of source: Picture? = nil, mask: String? = nil
    ) throws(RecipeError) {
        var list: [Setting] = []
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            list.append(Setting(key, value, at: .argument(key)))
        }
        let recipe = try Recipe(verb, settings: list)
        var plan: MaskPlan?
        if let mask {
            plan = MaskPlan(
                parts: [.init(try MaskSource(mask, at: .argument("mask")), at: .argument("mask"))])
        }
        self.init([Edit(verb, recipe, mask: plan)])
        take(source)
    }

    /// Takes a picture as the one to edit, if there is one, and names the files of masks and maps.
    public mutating func take(_ source: Picture?) {
        // Before, for a mask's file may be called `source`.
        nameMaskFiles()
        if let source { pictures[Self.source] = source }
    }

    /// Gives the pictures of masks and the maps and masks of ControlNets, which are paths as recipes name them,
    /// names of their own, and notes which files they are: `mask`, then `mask-2` and so on; `avoid`;
    /// `control`.
    private mutating func nameMaskFiles() {
        let known = pictures
        var names: [String: String] = [:]
        func named(_ path: String, _ word: String) -> String {
            if known[path] != nil { return path }
            if let name = names[path] { return name }
            var (name, number) = (word, 1)
            while pictures[name] != nil {
                number += 1
                name = "\(word)-\(number)"
            }
            names[path] = name
            pictures[name] = .file(path)
            return name
        }
        for index in edits.indices {
            edits[index].mask = edits[index].mask?.renamingPictures { named($0, "mask") }
            for place in edits[index].recipe.avoid.indices {
                guard case .picture(let path) = edits[index].recipe.avoid[place] else { continue }
                edits[index].recipe.avoid[place] = .picture(named(path, "avoid"))
            }
            edits[index].recipe.controls = edits[index].recipe.controls.map {
                $0.renamingPictures { named($0, "control") }
            }
        }
    }

    /// The names of the masks' pictures, in their order, each once.
    public var maskPictures: [String] {
        var names: [String] = []
        for name in edits.compactMap(\.mask).flatMap(\.pictures) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// The same request with a seed in each edit. A seed that is drawn is the first edit's; those of the
    /// others count up from it.
    public func drawingSeeds() -> Request {
        var drawn = self
        guard let first = edits.first?.recipe.drawingSeed().seed else { return drawn }
        for index in edits.indices {
            var recipe = edits[index].recipe
            recipe.seed = recipe.seed ?? first &+ UInt64(index)
            drawn.edits[index].recipe = recipe.drawingSeed().recipe
        }
        return drawn
    }
}

extension Request {
    /// Pictures that are read, by their paths, and no edits.
    package init(reading paths: [String]) {
        self.init(
            [], pictures: Dictionary(paths.map { ($0, Picture.file($0)) }) { first, _ in first })
    }

    /// The same without the picture that is edited, which the result may replace, and what else is read from its
    /// file.
    package var withoutSource: Request {
        var other = self
        let source = pictures[Self.source]?.path
        other.pictures = pictures.filter { name, picture in
            name != Self.source && (picture.path == nil || picture.path != source)
        }
        return other
    }

    /// The paths of its pictures' files, links in them followed.
    package var files: Set<String> {
        let paths = pictures.values.compactMap(\.path).filter { $0 != "-" }
        return Set(paths.map { FilePath.resolved(URL(filePath: FilePath.literal($0))) })
    }
}
