import Editing
import Files
import Foundation
import Imaging
import Recipes

/// How a picture was made, with the hashes of all that went into it and of what came out: enough to
/// make it again and to tell whether it came out the same. Keys are only ever added within a schema's
/// number. Paths lead from the receipt's folder.
struct Receipt: Codable {
    static let schema = "gesso.receipt/1"

    private(set) var schema = Receipt.schema
    let verb: String
    /// The program's version.
    let version: String
    /// The instruction set of the kernels.
    let kernels: String
    let seed: UInt64
    /// The scheduler that ran.
    let scheduler: String
    let evaluations: Int
    let paddedWidth: Int
    let paddedHeight: Int
    /// Every key of the verb; null leaves the choice to the model or has no use beside the others.
    let settings: [String: Key.Value?]
    /// The recipe files that the settings came from, for the record.
    let recipes: [RecipeFile]
    let source: File?
    /// What the mask is made of, in order.
    let masks: [MaskPart]
    /// Nil where no model had a hand in it.
    let model: Checkpoint?
    /// What was added to the model; nil if nothing was.
    let addOns: [AddOn]?
    let result: Picture
    /// The edits of a recipe, in their order, where `verb` is `run`; nil elsewhere.
    let edits: [Edit]?
    /// The values that a recipe's variables had, for the record.
    let variables: [String: String]?

    /// One of several edits.
    struct Edit: Codable {
        let verb: String
        let seed: UInt64
        let scheduler: String
        let evaluations: Int
        let paddedWidth: Int
        let paddedHeight: Int
        /// Every key of the verb, as in a receipt of it alone.
        let settings: [String: Key.Value?]
        /// What was repainted; nil but for inpainting.
        let mask: Mask?
    }

    /// A mask: parts joined in their order, then turned over, then grown.
    struct Mask: Codable {
        /// Of one that lies on the picture that the edits began with.
        let name: String?
        let parts: [Part]
        let inverts: Bool
        let grow: Int

        /// A file, words as behind `--mask`, or a mask.
        struct Part: Codable {
            let file: File?
            let spec: String?
            let mask: Mask?
            let subtracts: Bool
        }
    }

    /// A file that was read; without a path if that was standard input.
    struct File: Codable, Equatable {
        let path: String?
        let sha256: String
    }

    /// A part of the mask: a file, or words as behind `--mask`.
    struct MaskPart: Codable {
        let file: File?
        let spec: String?
        let subtracts: Bool
    }

    struct RecipeFile: Codable {
        let name: String
        let sha256: String
    }

    /// Files that a setting names.
    struct AddOn: Codable {
        let key: String
        let name: String
        let files: [File]
    }

    struct Checkpoint: Codable {
        let name: String
        let path: String
        /// Paths inside the model's folder.
        let files: [File]
    }

    /// What came out; the pixels are those of the file, decoded (`Digest.of(pixels:)`).
    struct Picture: Codable {
        let path: String?
        let format: String
        let quality: Int?
        let width: Int
        let height: Int
        let channels: Int
        let depth: Int
        let sha256: String
        let pixelsSha256: String
    }

    /// The receipt in a file.
    ///
    /// - Throws: `Failure` with `cannotRead` or, when it is none, `badData`.
    init(contentsOf file: URL, named path: String) throws {
        let largest = 16 << 20
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: file.path(percentEncoded: false))
        guard let attributes, attributes[.type] as? FileAttributeType == .typeRegular,
            let data = try? Data(contentsOf: file)
        else {
            throw Failure(
                .cannotRead, "cannot read the receipt", at: path, do: "give the path of a file")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard data.count <= largest, let receipt = try? decoder.decode(Receipt.self, from: data),
            receipt.schema == Receipt.schema
        else {
            throw Failure(
                .badData, "not a receipt of schema \(Receipt.schema)", at: path,
                do: "give a file that --receipt wrote")
        }
        self = receipt
    }

    /// The recipe with which the picture is made again.
    ///
    /// - Parameter path: stands for the receipt in errors.
    func recipe(for verb: Verb, named path: String) throws -> Recipe {
        try Receipt.recipe(of: settings, for: verb, named: path)
    }

    /// The recipe that settings of a receipt are.
    static func recipe(
        of settings: [String: Key.Value?], for verb: Verb, named path: String
    ) throws -> Recipe {
        let given = settings.compactMap { key, value in
            value.map { Setting(key, "\($0)", at: .argument(path)) }
        }
        return try Recipe(verb, settings: given.sorted { $0.key < $1.key })
    }
}

extension Receipt {
    /// The receipt of a picture just made, to be kept in `folder`.
    init(_ run: EditRun, _ made: EditRun.Made, in folder: URL) throws {
        let report = made.report
        verb = run.verb.rawValue
        version = Gesso.version
        kernels = Editor.instructionSet
        (seed, scheduler, evaluations) = (report.seed, report.scheduler, report.evaluations)
        (paddedWidth, paddedHeight) = (report.paddedWidth, report.paddedHeight)
        settings = Receipt.settings(run.verb, run.recipe, report)
        recipes = run.presets.map {
            RecipeFile(name: $0.name, sha256: Digest.sha256(Data($0.text.utf8)))
        }
        source = run.inputs.source?.file(in: folder)
        masks = run.inputs.masks.map { part in
            let file = part.file?.file(in: folder)
            return MaskPart(
                file: file, spec: file == nil ? part.spec : nil, subtracts: part.subtracts)
        }
        model = try run.model.map { model in
            try Checkpoint(report.model, model, in: folder)
        }
        addOns = try run.addOns.isEmpty ? nil : run.addOns.map { try AddOn($0, in: folder) }
        result = Picture(made, by: run.output, in: folder)
        (edits, variables) = (nil, nil)
    }

    /// The bytes of its file.
    var document: Data { Data((JSON.text(self) + "\n").utf8) }

    /// The files of a checkpoint with their hashes.
    static func files(of model: URL) throws -> [File] {
        try Model.files(of: model).map { path, file in
            File(path: path, sha256: try Digest.sha256(file: file))
        }
    }

    /// The settings as they were resolved, so far as a key can say it.
    static func settings(
        _ verb: Verb, _ recipe: Recipe, _ report: EditReport
    ) -> [String: Key.Value?] {
        var settings: [String: Key.Value?] = [:]
        for key in Recipe.keys where key.verbs.contains(verb) {
            settings.updateValue(key.value(in: recipe), forKey: key.name)
        }
        if report.evaluations > 0 { settings["scheduler"] = .text(report.scheduler) }
        if verb == .inpaint || verb == .outpaint {
            settings["mask_latent"] = .text(recipe.maskLatent.rawValue)
        }
        if verb == .textToImage {
            settings["width"] = .integer(UInt64(report.width))
            settings["height"] = .integer(UInt64(report.height))
        }
        // A canvas that grows to an aspect or a size does not grow by sides.
        if case .sides = recipe.growth { return settings }
        for side in ["left", "right", "top", "bottom"] where settings[side] != nil {
            settings.updateValue(nil, forKey: side)
        }
        return settings
    }
}

extension Receipt.Picture {
    /// What was made, in the file of an output.
    init(_ made: EditRun.Made, by output: Output, in folder: URL) {
        self.init(
            path: output.file.map { FilePath.path(of: $0, from: folder) },
            format: output.format.rawValue.lowercased(), quality: output.quality,
            width: made.written.width, height: made.written.height,
            channels: made.written.channels, depth: made.written.depth,
            sha256: Digest.sha256(made.data), pixelsSha256: Digest.of(pixels: made.written))
    }
}

extension Receipt.Checkpoint {
    /// A checkpoint with the hashes of its files.
    init(_ name: String, _ model: ModelOnCall, in folder: URL) throws {
        self.init(
            name: name, path: FilePath.path(of: model.url, from: folder), files: try model.files())
    }
}

extension Receipt.AddOn {
    /// An add-on with the hashes of its files; of a folder, those of all that it holds.
    init(_ entry: AddOnShelf.Entry, in folder: URL) throws {
        (key, name) = (entry.key, entry.name)
        files = try entry.files.flatMap { url in
            let path = url.path(percentEncoded: false)
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            let isModel = entry.key.hasPrefix("inpaint_")
            let inside =
                !isFolder.boolValue
                ? nil
                : isModel
                    ? try Model.files(of: url).map(\.file)
                    : try? FileManager.default.subpathsOfDirectory(atPath: path).sorted()
                        .map { url.appending(path: $0) }
                        .filter { ["safetensors", "json"].contains($0.pathExtension) }
            return try (inside ?? [url]).map { file in
                Receipt.File(
                    path: FilePath.path(of: file, from: folder),
                    sha256: try Digest.sha256(file: file))
            }
        }
    }
}

/// The place of a receipt, known to be possible before any work is done.
struct ReceiptPlace {
    /// The path as given.
    let path: String
    private let file: URL
    private let overwrites: Bool

    /// The folder that the receipt's paths lead from.
    var folder: URL { file.standardizedFileURL.deletingLastPathComponent() }

    init(_ path: String, overwrites: Bool, beside output: Output) throws {
        self.path = path
        file = try FilePath.file(path, orFailWith: .cannotCreate)
        self.overwrites = overwrites
        if let picture = output.file, FilePath.path(of: picture, from: folder) == name {
            throw Failure(
                .usage, "the receipt would replace the picture", at: "--receipt",
                do: "give it another name")
        }
        do {
            try checkWritable(file, overwrite: overwrites)
        } catch FileError.outputExists {
            throw Failure(
                .cannotCreate, "the receipt exists", at: path,
                do: "give another name or --overwrite")
        }
    }

    private var name: String { file.lastPathComponent }

    /// Writes the document, whole or not at all.
    func write(_ receipt: Receipt) throws {
        try writeAtomically(receipt.document, to: file, overwrite: overwrites)
    }
}
