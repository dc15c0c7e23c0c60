import Foundation
import Gesso
import Terminal

/// The place of a receipt, known to be possible before any work is done.
struct ReceiptPlace {
    /// The path as given.
    let path: String
    private let file: URL
    private let overwrites: Bool

    /// The folder that the receipt's paths lead from.
    private var folder: URL { file.standardizedFileURL.deletingLastPathComponent() }

    init(_ path: String, overwrites: Bool, beside output: Output) throws {
        self.path = path
        file = try FilePath.file(path, orFailWith: .cannotCreate)
        self.overwrites = overwrites
        if let picture = output.file,
            FilePath.resolved(picture) == FilePath.resolved(file)
        {
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

    /// Writes the receipt of a picture, whole or not at all.
    func write(_ outcome: Outcome, as output: Output) throws {
        let receipt = try outcome.receipt(as: output.file, in: folder)
        try writeAtomically(receipt.document(), to: file, overwrite: overwrites)
    }
}
