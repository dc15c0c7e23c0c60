import Editing
import Foundation
import Imaging
import Recipes

extension ReplayCommand {
    /// Makes the picture of several edits again.
    func runEdits(of old: Receipt, from file: URL) throws {
        guard let format = ImageFormat(pathExtension: old.result.format) else {
            throw Failure(.badData, "an unknown format", at: receipt, do: "use a newer gesso")
        }
        let folder = file.standardizedFileURL.deletingLastPathComponent()
        let output = try place(for: old)
        let maskFiles = old.maskFiles
        let steps = try old.steps(named: receipt) { file in
            let index = maskFiles.firstIndex(of: file) ?? 0
            let given = masks.indices.contains(index) ? masks[index] : nil
            return try path(given, file, folder, flag: "--mask")
        }
        let chain = EditChain(
            steps: steps,
            model: try checkpoint(old, folder).map {
                ModelOnCall($0, tokenizers: try ModelShelf().tokenizers(tokenizer))
            },
            manner: EditRun.Manner(quiet: quiet), shelf: AddOnShelf(known: old.addOnPlaces(folder)))
        let input =
            steps.first?.verb == .textToImage
            ? nil : try path(source, old.source, folder, flag: "--source")
        guard let made = try chain.make(input, for: output) else { return }
        try output.write(made.picture.data)
        try tell(
            try old.isSame(made.picture, as: format, output),
            try old.drift(made, of: chain, in: folder))
    }
}

extension Receipt {
    /// What of several edits is not as the receipt has it, a line each.
    fileprivate func drift(
        _ made: EditChain.Made, of chain: EditChain, in folder: URL
    ) throws -> [String] {
        var drift: [String] = []
        let inputs = made.work.runs.first?.inputs
        let now = chain.steps.compactMap(\.mask).flatMap(\.files)
        let nowOnce = now.enumerated().filter { now.firstIndex(of: $0.element) == $0.offset }
            .map { inputs?.digests[$0.element] }
        let files =
            [("the source", source?.sha256, inputs?.source?.sha256)]
            + zip(maskFiles, nowOnce).map { ("the mask", $0.sha256, $1) }
        for (what, old, now) in files where old != now {
            drift.append("\(what) is another file: sha256 \(now ?? "none")")
        }
        let addOns = try AddOn.all(of: made.work.runs, in: folder)
        return try drift + machineDrift(chain.model) + addOnDrift(addOns)
    }
}
