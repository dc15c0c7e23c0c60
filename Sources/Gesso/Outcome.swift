import Files
public import Editing
public import Foundation
public import Imaging
public import Recipes

/// What came of a request: the bytes of the picture, the proof that nothing outside the mask changed, and
/// what a receipt says.
public struct Outcome: Sendable {
    /// One edit of the chain, carried out.
    public struct Work: Sendable {
        /// What was done.
        let edit: Edit
        fileprivate(set) var result: EditResult
        /// Seconds that loading the model took; 0 where it was loaded.
        public internal(set) var loading: Double
        /// The result with its metadata.
        let marked: Image

        /// What was done.
        public var verb: Verb { edit.verb }
        /// What was asked for, with what the model brings.
        public var recipe: Recipe { result.recipe }
        /// How it was done.
        public var report: EditReport { result.report }
    }

    /// What was carried out.
    public let request: Request
    /// What came of each edit, in their order; the last report has the remarks on the file.
    public private(set) var works: [Work]
    /// The picture with its metadata.
    public let image: Image
    /// The bytes of its file.
    public let data: Data
    /// What was found outside of all masks; nil where all may have changed.
    public let proof: MaskProof?
    /// The pictures that were read, by name, with their hashes.
    let inputs: [String: Picture]
    /// What each edit added to the model.
    let addOns: [[AddOnShelf.Entry]]
    /// The checkpoint; nil where no model had a hand in it.
    let checkpoint: URL?
    let library: Library
    /// The edits as they were carried out.
    let edits: [Request.Edit]
    /// The name of the file's C2PA manifest; nil where it was not signed.
    public let manifest: String?
    /// The mark in what was painted that names the manifest; nil for none.
    public let mark: PictureMark?
    /// Who signed it; nil where no one did.
    public let signer: String?

    /// Encodes the last picture and proves what may not have changed.
    init(
        _ request: Request, edits: [Request.Edit], _ works: [Work], _ claim: CanvasHistory.Claim?,
        _ reader: PictureReader, addOns: [[AddOnShelf.Entry]], checkpoint: URL?,
        library: Library, _ seal: Seal?
    ) throws {
        (self.request, self.edits, self.works) = (request, edits, works)
        (inputs, self.addOns) = (reader.inputs, addOns)
        (self.checkpoint, self.library) = (checkpoint, library)
        var result = works[works.count - 1].marked
        var named: (facts: EditFacts, identity: UUID)?
        if seal != nil || works.contains(where: \.wantsMark) {
            let facts = EditFacts(
                request: request, edits: edits, works: works, inputs: reader.inputs,
                records: reader.records, addOns: addOns, hashes: library.hashes,
                touched: claim?.mask.bounds,
                model: try checkpoint.map { url in
                    let painted = works.first { $0.report.evaluations > 0 }
                    return (
                        painted?.report.model ?? "",
                        Digest.joined(try library.files(of: url).map(\.sha256))
                    )
                })
            named = (facts, try facts.identity(seal))
        }
        let wantsMark = works.contains(where: \.wantsMark)
        mark = wantsMark ? named.map { PictureMark($0.identity) } : nil
        if let mark { result = result.carrying(mark, within: claim?.mask) }
        image = result
        let (plain, keepsBlocks) = try image.encodedNotingBlocks(
            as: request.format, quality: request.quality)
        let readMark = try mark.flatMap {
            try Image(decoding: plain, name: "the result").holds($0) ? $0 : nil
        }
        let sealed = try named.flatMap {
            try seal?.sealed(plain, $0.facts, $0.identity, carrying: readMark)
        }
        (data, manifest) = (sealed?.data ?? plain, sealed?.manifest)
        signer = seal?.signer.certificate.holder
        let (format, quality) = (request.format, request.quality)
        // Read again in any case: what cannot be read is not written.
        if claim == nil { try WrittenPicture(data, name: "the result").forEachPart { _, _, _ in } }
        proof = try claim.map { [data] claim in
            let proof = try MaskProof(
                claim.original, writtenAs: data, keepsBlocks: keepsBlocks, outside: claim.mask)
            let isKept = claim.original.isKept(by: format, quality: quality) || proof.blocks != nil
            guard !isKept || proof.holds else {
                throw GessoError(
                    .unexpected, proof.line, do: "nothing was written; please report it")
            }
            return proof
        }
        isLossless = image.isKept(by: format, quality: quality)
        if !image.isFile(data) {
            self.works[works.count - 1].result.report.notes +=
                image.metadata.losses + image.metadata.losses(in: format, writtenAs: data)
        }
        let last = works[works.count - 1].result
        if try mark != readMark
            || last.isWatermarked && !written.holds(Watermark(last.recipe.watermark))
        {
            // A mark that is not in the picture itself is in no file of it.
            let isMarked =
                (mark.map { image.holds($0) } ?? true)
                && (!last.isWatermarked || image.holds(Watermark(last.recipe.watermark)))
            self.works[works.count - 1].result.report.notes.append(
                isLossless || !isMarked ? Self.smallMark : Self.lossyMark)
        }
    }

    /// What the file's bytes decode to.
    public var written: Image { get throws { try Image(decoding: data, name: "the result") } }

    /// Whether the file holds the very samples of the picture.
    public let isLossless: Bool

    /// How the last edit was done.
    public var report: EditReport { works[works.count - 1].report }

    /// The UNet's runs in all edits.
    public var evaluations: Int { works.reduce(0) { $0 + $1.report.evaluations } }

    /// What the file's format changes beside what was painted; nil where it keeps every sample or every
    /// block outside, or all was painted.
    public var loss: String? {
        let part = report.repaintedFraction
        guard !isLossless, proof?.blocks == nil, part > 0, part < 1 else { return nil }
        let what =
            switch (request.format, request.quality) {
            case (.webp, nil): "a WebP has 8 bits a sample"
            case (.avif, nil): "an AVIF has 12 bits a sample"
            default: "the \(request.format) is encoded anew as a whole"
            }
        let reason =
            request.format == .jpeg ? image.reasonForNewBlocks(quality: request.quality) : nil
        return what + (reason.map { ", for \($0)" } ?? "")
            + ": write a PNG to keep every other pixel"
    }

    private static let smallMark =
        "the watermark cannot be read from the file: the changed part is too small or grey"
    private static let lossyMark =
        "the watermark cannot be read from the file, which is compressed: raise the quality, or write "
        + "a PNG"

    /// A result that would replace the picture it was made from does so only while that is as it was read: what
    /// another program wrote to it since would be lost.
    ///
    /// - Throws: `GessoError` where the file is that picture's and holds other bytes by now.
    package func checkSource(replacedAt file: URL) throws {
        guard let source = inputs[Request.source], let path = source.path, path != "-",
            let hash = source.sha256,
            FilePath.resolved(file) == FilePath.resolved(URL(filePath: FilePath.literal(path))),
            let now = try? pictureFile(at: file), Digest.sha256(now) != hash
        else { return }
        throw GessoError(
            .inputOutput, "another program changed it since it was read, nothing was written",
            at: source.name, do: "give the result another name, or run it again")
    }

    /// Writes the picture, and if wanted the receipt, each whole or not at all.
    ///
    /// - Throws: `FileError.outputExists` for a file that is there unless `replacing`, and other
    ///   `ImagingError`s for one that cannot be written; `GessoError` where it would replace its own source,
    ///   which another program changed meanwhile.
    public func write(to file: URL, receipt: URL? = nil, replacing: Bool = false) throws {
        if replacing { try checkSource(replacedAt: file) }
        if let receipt { try checkWritable(receipt, overwrite: replacing) }
        try writeAtomically(data, to: file, overwrite: replacing)
        guard let receipt else { return }
        let folder = receipt.standardizedFileURL.deletingLastPathComponent()
        try writeAtomically(
            self.receipt(as: file, in: folder).document(), to: receipt, overwrite: replacing)
    }
}

extension EditResult {
    /// The picture with a record of how it was made, if anything of it was.
    ///
    /// - Parameters:
    ///   - hashes: those of files that are known.
    ///   - modelHash: of the checkpoint; nil where it has none, or did not paint.
    func marked(
        of verb: Verb, addOns: [AddOnShelf.Entry], hashes: HashBook, modelHash: String?
    ) throws -> Image {
        var image = image
        if recipe.stripGPS { image.metadata.dropLocation() }
        if recipe.stripMetadata { image.metadata.dropAllButProfile() }
        guard report.repaintedFraction > 0 else { return image }
        let provenance = Provenance(
            verb: verb, model: report.model, scheduler: report.scheduler, seed: report.seed,
            size: firstSize, program: Program.name,
            modelHash: modelHash,
            addOns: try addOns.compactMap { try $0.provenance(in: recipe, hashes) })
        if !recipe.stripMetadata { image.metadata.parameters = recipe.infotext(provenance) }
        guard report.evaluations > 0 else { return image }
        image.metadata.digitalSourceType =
            verb == .textToImage ? .trainedAlgorithmicMedia : .compositeWithTrainedAlgorithmicMedia
        return image
    }
}
