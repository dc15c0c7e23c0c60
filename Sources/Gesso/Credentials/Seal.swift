import Credentials
import Editing
import Files
import Foundation
import Imaging
import Recipes

/// Signs the pictures of a job: tells what was done to them, of what they were made, and by whom this is
/// said.
struct Seal {
    let signer: Signer
    let tellsPrompts: Bool
    /// Who stamps the time; nil for no one.
    var timeStamps: TimeStampAuthority?

    /// The file with credentials, and their manifest's name.
    ///
    /// - Parameters:
    ///   - identity: what that name is made from.
    ///   - mark: the mark that can be read from the file; nil for none.
    func sealed(
        _ file: Data, _ facts: EditFacts, _ identity: UUID, carrying mark: PictureMark?
    ) throws -> (data: Data, manifest: String) {
        let draft = try draft(facts, identity, mark)
        let place = ManifestPlace(in: file, facts.request.format)
        do {
            let store = try draft.store(signedBy: signer, stampedBy: timeStamps) { bytes in
                let around = place.around(bytes)
                return ManifestDraft.Frame(
                    before: around.before, length: around.length, after: around.after,
                    isOfBoxes: place.isOfBoxes)
            }
            return (place.file(with: store), draft.label)
        } catch {
            throw GessoError(error)
        }
    }

    private func draft(
        _ facts: EditFacts, _ identity: UUID, _ mark: PictureMark?
    ) throws -> ManifestDraft {
        let program = Action.Agent("Gesso", version: Program.version)
        var draft = ManifestDraft(program, identity: identity)
        draft.ingredients = ingredients(facts)
        let hasSource = facts.inputs[Request.source] != nil
        if hasSource {
            var opened = Action(.opened)
            opened.ingredients = [0]
            draft.actions = [opened]
        }
        let others = Array((hasSource ? 1 : 0)..<draft.ingredients.count)
        for index in facts.works.indices {
            guard var action = try action(facts, index, program) else { continue }
            // What steered an edit is not listed edit by edit: the pictures belong to the request.
            action.ingredients = others
            draft.actions.append(action)
        }
        if let mark {
            draft.softBinding = ManifestDraft.SoftBinding(
                algorithm: PictureMark.algorithm, value: Data(mark.name),
                regions: facts.touched.map { [Action.Region($0)] } ?? [])
            draft.actions.append(Action(.watermarked))
        }
        return draft
    }

    /// What an edit was; nil where it left the picture as it was.
    private func action(_ facts: EditFacts, _ index: Int, _ program: Action.Agent) throws -> Action?
    {
        let work = facts.works[index]
        guard work.report.repaintedFraction > 0 || work.verb == .textToImage else { return nil }
        let isPainted = work.report.evaluations > 0
        let isNew = work.verb == .textToImage
        let type: DigitalSourceType? =
            isNew
            ? .trainedAlgorithmicMedia : isPainted ? .compositeWithTrainedAlgorithmicMedia : nil
        var action = Action(isNew ? .created : .edited, digitalSourceType: type?.rawValue)
        action.agent = program
        action.description = work.verb.deed
        if let box = work.edit.mask?.bounds, work.report.repaintedFraction < 1 {
            action.regions = [Action.Region(box)]
        }
        if isPainted, let model = facts.model {
            action.parameters.append(
                (
                    "gesso.model",
                    .object(["name": .text(model.name), "sha256": .bytes(model.hash)])
                ))
            let addOns = try facts.addOns[index].map { entry in
                CBOR.object([
                    "kind": .text(entry.key), "name": .text(entry.name),
                    "sha256": .bytes(
                        Digest.joined(try facts.hashes.sha256(entry.allFiles()))),
                ])
            }
            if !addOns.isEmpty { action.parameters.append(("gesso.addOns", .array(addOns))) }
        }
        if tellsPrompts, !work.recipe.prompt.isEmpty {
            action.parameters.append(("gesso.prompt", .text(work.recipe.prompt)))
        }
        return action
    }

    /// The source first, then what steered the edits. Masks are none: what they hold shows in the regions.
    private func ingredients(_ facts: EditFacts) -> [Ingredient] {
        let masks = Set(facts.request.maskPictures)
        let names = facts.inputs.keys.filter { !masks.contains($0) }
            .sorted { ($0 == Request.source ? "" : $0) < ($1 == Request.source ? "" : $1) }
        return names.compactMap { name in
            guard let picture = facts.inputs[name], let hash = picture.sha256 else { return nil }
            let record = facts.records[name]
            return Ingredient(
                name == Request.source ? .parentOf : .inputTo,
                title: picture.path.map { URL(filePath: $0).lastPathComponent },
                mediaType: record?.mediaType ?? "application/octet-stream",
                hash: record?.hash ?? Digest.joined([hash]), provenance: record?.provenance)
        }
    }
}

/// What is known of a picture that was read.
struct PictureRecord {
    let mediaType: String
    /// SHA-256 of the file it came in, where that is not its own bytes.
    let hash: Data?
    /// Its own credentials, checked; nil where it has none, or they are broken.
    let provenance: CredentialsReport?
}

extension Action.Region {
    /// A rectangle of a picture.
    fileprivate init(_ box: Box) {
        self.init(x: box.x, y: box.y, width: box.width, height: box.height)
    }
}

extension Digest {
    /// SHA-256 of hashes in hexadecimal, one a line; of one it is that one.
    static func joined(_ hashes: [String]) -> Data {
        if hashes.count == 1, let only = Data(hexadecimal: hashes[0]) { return only }
        let digest = Digest(.sha256)
        digest.update(Data(hashes.map { $0 + "\n" }.joined().utf8))
        return digest.bytes()
    }
}

extension Data {
    /// The bytes that digits stand for; nil for other text.
    fileprivate init?(hexadecimal text: String) {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
        self = Data(
            stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        )
    }
}

extension Verb {
    /// What it does, for people who look at a picture's history.
    fileprivate var deed: String {
        switch self {
        case .imageToImage: "The picture was repainted."
        case .inpaint: "A part of the picture was repainted."
        case .outpaint: "The picture was extended."
        case .instruct: "The picture was changed as an instruction said."
        case .textToImage: "The picture was made from words."
        case .upscale: "The picture was made larger and its details were painted."
        }
    }
}
