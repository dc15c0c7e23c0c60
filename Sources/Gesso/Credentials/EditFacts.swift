import Editing
import Files
import Foundation
import Imaging
import Recipes

/// All that the credentials of a picture are made from.
struct EditFacts {
    let request: Request
    let edits: [Request.Edit]
    let works: [Outcome.Work]
    let inputs: [String: Picture]
    /// What is known of these beside their bytes.
    let records: [String: PictureRecord]
    let addOns: [[AddOnShelf.Entry]]
    /// The hashes of their files that are known.
    let hashes: HashBook
    /// The rectangle around all that was painted; nil is everywhere.
    let touched: Box?
    /// The model and the hash of its files; nil where none had a hand in it.
    let model: (name: String, hash: Data)?

    /// What the manifest's name is made from: the same for the same edits, inputs, format, model, key and
    /// version, so that a replay has it, too.
    ///
    /// - Parameter seal: nil where no one signs; the mark has a name nevertheless.
    func identity(_ seal: Seal?) throws -> UUID {
        var request = Request(
            zip(edits, works).map { edit, work in
                Request.Edit(edit.verb, work.settledRecipe, mask: edit.mask)
            })
        (request.format, request.quality) = (self.request.format, self.request.quality)
        request.pictures = inputs.mapValues { picture in
            var record = picture
            (record.path, record.data) = (nil, nil)
            return record
        }
        let digest = Digest(.sha256)
        digest.update(Data(try JSON.line(request).utf8))
        digest.update(model?.hash ?? Data())
        digest.update(Data("\(Program.version) \(seal?.tellsPrompts ?? false)".utf8))
        digest.update(seal?.signer.certificate.der ?? Data())
        return UUID(hash: digest.bytes())
    }
}

extension Outcome.Work {
    /// Whether it painted, and asks for a mark that names the manifest.
    var wantsMark: Bool { report.evaluations > 0 && Watermark(recipe.watermark) == .mark }
}
