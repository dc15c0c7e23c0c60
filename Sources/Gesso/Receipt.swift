import Files
public import Foundation
import Imaging
import Recipes
import Sampling

/// How a picture was made, with the hashes of all that went into it and of what came out: enough to
/// make it again and to tell whether it came out the same.
///
/// The request in it is the one that was carried out, with everything that it had left open: the seeds,
/// the schedulers, the sizes. Paths lead from the receipt's folder. Keys are only ever added within a
/// schema's number.
public struct Receipt: Codable, Sendable {
    /// The form that is written.
    public static let schema = "gesso.receipt/2"

    /// The form that it has.
    public private(set) var schema = Receipt.schema
    /// The program's version.
    public let version: String
    /// The instruction set of the kernels.
    public let kernels: String
    /// What was carried out.
    public let request: Request
    /// What came of each edit.
    public let edits: [Edit]
    /// The checkpoint; nil where no model had a hand in it.
    public let checkpoint: Checkpoint?
    /// What was added to the checkpoint.
    public let addOns: [AddOn]
    /// What came out.
    public let result: Result

    /// What came of an edit.
    public struct Edit: Codable, Sendable {
        /// The seed, drawn or given.
        public let seed: UInt64
        /// The scheduler that ran; `none` where no model had a hand in it.
        public let scheduler: String
        /// The UNet's runs.
        public let evaluations: Int
        /// Size that the model worked at, of the largest pass.
        public let paddedWidth: Int
        /// Size that the model worked at, of the largest pass.
        public let paddedHeight: Int
        /// The numbers that products were computed in; nil in receipts of before there was a choice.
        public let precision: String?
        /// The kernel set, and the units that computed such numbers; likewise.
        public let kernels: [String]?
    }

    /// A file that was read.
    public struct File: Codable, Equatable, Sendable {
        /// The way to it.
        public let path: String?
        /// The hash of its bytes.
        public let sha256: String
    }

    /// Files that a setting names.
    public struct AddOn: Codable, Equatable, Sendable {
        /// The recipe's key, such as `lora`.
        public let key: String
        /// The name in the recipe.
        public let name: String
        /// Its files.
        public let files: [File]
    }

    /// A checkpoint.
    public struct Checkpoint: Codable, Sendable {
        /// Its name.
        public let name: String
        /// The way to it.
        public let path: String
        /// Its files, by paths inside of it.
        public let files: [File]
    }

    /// What came out; the pixels are those of the file, decoded.
    public struct Result: Codable, Sendable {
        /// The way to its file; nil where there is none.
        public let path: String?
        /// Its format.
        public let format: String
        /// Its quality, if one was asked for.
        public let quality: Int?
        /// Pixels.
        public let width: Int
        /// Pixels.
        public let height: Int
        /// Samples of a pixel.
        public let channels: Int
        /// Bits of a sample.
        public let depth: Int
        /// The hash of the file's bytes.
        public let sha256: String
        /// The hash of its pixels.
        public let pixelsSha256: String
        /// The name of its C2PA manifest; nil where it was not signed.
        public let manifest: String?
        /// What the mark in what was painted says, in hexadecimal; nil for none.
        public let watermark: String?
    }

    /// The receipt in a file, of this form or the one before.
    ///
    /// - Parameter path: stands for the file in errors.
    /// - Throws: `GessoError` of kind `cannotRead` or, when it is none, `badData`.
    public init(contentsOf file: URL, named path: String) throws {
        let largest = 16 << 20
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: file.path(percentEncoded: false))
        let size = attributes?[.size] as? Int ?? 0
        if attributes?[.type] as? FileAttributeType == .typeRegular,
            let start = try? FileHandle(forReadingFrom: file).read(upToCount: 512),
            ImageFormat(sniffing: start) != nil
        {
            throw GessoError(
                .badData, "a picture, not a receipt", at: path, remedy: .receiptOrSettings)
        }
        guard size <= largest else {
            throw GessoError(
                .badData, "over \(largest >> 20) MiB, which no receipt is", at: path,
                remedy: .nameReceipt)
        }
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            let data = try? Data(contentsOf: file)
        else {
            throw GessoError(
                .cannotRead, "cannot read the receipt", at: path, do: "give the path of a file")
        }
        guard data.withUnsafeBytes({ JSONSize.isSmall($0) }) else {
            throw GessoError(
                .badData, "more values than a receipt has", at: path, remedy: .nameReceipt)
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        struct Head: Decodable {
            let schema: String
        }
        let none = GessoError(
            .badData, "not a receipt of schema \(Receipt.schema)", at: path,
            remedy: .nameReceipt)
        guard let head = try? decoder.decode(Head.self, from: data) else { throw none }
        do {
            switch head.schema {
            case Receipt.schema: self = try decoder.decode(Receipt.self, from: data)
            case EarlierReceipt.schema:
                self = try decoder.decode(EarlierReceipt.self, from: data).receipt()
            default: throw none
            }
        } catch is DecodingError {
            throw none
        }
    }

    init(
        version: String, kernels: String, request: Request, edits: [Edit], checkpoint: Checkpoint?,
        addOns: [AddOn], result: Result
    ) {
        (self.version, self.kernels, self.request) = (version, kernels, request)
        (self.edits, self.checkpoint, self.addOns) = (edits, checkpoint, addOns)
        self.result = result
    }

    /// The bytes of its file.
    public func document() throws -> Data { Data((try JSON.text(self) + "\n").utf8) }
}

extension Outcome {
    /// The receipt of the picture.
    ///
    /// - Parameters:
    ///   - file: the picture's file; nil where there is none.
    ///   - folder: where the receipt is kept, from which its paths lead.
    /// - Throws: `GessoError` for a file of the model that cannot be read.
    public func receipt(as file: URL?, in folder: URL) throws -> Receipt {
        var request = request
        request.edits = zip(edits, works).map { edit, work in
            Request.Edit(edit.verb, work.settledRecipe, mask: edit.mask)
        }
        request.pictures = inputs.mapValues { picture in
            var record = picture
            record.data = nil
            record.path = picture.path.map {
                FilePath.path(of: URL(filePath: FilePath.literal($0)), from: folder)
            }
            return record
        }
        var seen: Set<String> = []
        let used = addOns.joined().filter { seen.insert("\($0.key):\($0.name)").inserted }
        let painted = works.first { $0.report.evaluations > 0 || $0.recipe.steps > 0 }
        let written = try written
        return Receipt(
            version: Program.version, kernels: Program.kernels, request: request,
            edits: works.map { work in
                let report = work.report
                return Receipt.Edit(
                    seed: report.seed, scheduler: report.scheduler,
                    evaluations: report.evaluations, paddedWidth: report.paddedWidth,
                    paddedHeight: report.paddedHeight, precision: report.precision,
                    kernels: report.kernels)
            },
            checkpoint: try checkpoint.map { url in
                Receipt.Checkpoint(
                    name: painted?.report.model ?? "", path: FilePath.path(of: url, from: folder),
                    files: try library.files(of: url))
            },
            addOns: try used.map { try Receipt.AddOn($0, in: folder, library.hashes) },
            result: Receipt.Result(
                path: file.map { FilePath.path(of: $0, from: folder) },
                format: request.format.rawValue.lowercased(), quality: request.quality,
                width: written.width, height: written.height, channels: written.channels,
                depth: written.depth, sha256: Digest.sha256(data),
                pixelsSha256: Digest.of(pixels: written), manifest: manifest,
                watermark: mark?.description))
    }
}

extension Outcome.Work {
    /// The recipe with what was left open as it was carried out.
    var settledRecipe: Recipe {
        recipe.settled(
            scheduler: report.evaluations > 0 ? SchedulerName(rawValue: report.scheduler) : nil,
            size: result.firstSize, for: verb)
    }
}

extension Receipt.AddOn {
    /// An add-on with the hashes of its files; of a folder, those of all that it holds.
    init(_ entry: AddOnShelf.Entry, in folder: URL, _ hashes: HashBook) throws {
        (key, name) = (entry.key, entry.name)
        let all = try entry.allFiles()
        files = zip(all, try hashes.sha256(all)).map { file, hash in
            Receipt.File(path: FilePath.path(of: file, from: folder), sha256: hash)
        }
    }
}
