import Foundation
import Imaging
import Recipes

/// A receipt of the form before requests were kept as such: one edit at its top, or several below
/// `edits`.
struct EarlierReceipt: Decodable {
    static let schema = "gesso.receipt/1"

    let verb: String
    let version: String
    let kernels: String
    let seed: UInt64
    let scheduler: String
    let evaluations: Int
    let paddedWidth: Int
    let paddedHeight: Int
    let settings: [String: Key.Value?]
    let recipes: [Request.RecipeFile]
    let source: Receipt.File?
    let masks: [Mask.Part]
    let model: Receipt.Checkpoint?
    let addOns: [Receipt.AddOn]?
    let result: Receipt.Result
    let edits: [Edit]?
    let variables: [String: String]?

    struct Edit: Decodable {
        let verb: String
        let seed: UInt64
        let scheduler: String
        let evaluations: Int
        let paddedWidth: Int
        let paddedHeight: Int
        let settings: [String: Key.Value?]
        let mask: Mask?
    }

    struct Mask: Decodable {
        let name: String?
        let parts: [Part]
        let inverts: Bool
        let grow: Int

        struct Part: Decodable {
            let file: Receipt.File?
            let spec: String?
            let mask: Mask?
            let subtracts: Bool
        }
    }

    /// The same in the present form.
    ///
    /// - Throws: `RecipeError` for settings that no longer exist, `GessoError` for an unknown verb.
    func receipt() throws -> Receipt {
        let all =
            edits
            ?? [
                Edit(
                    verb: verb, seed: seed, scheduler: scheduler, evaluations: evaluations,
                    paddedWidth: paddedWidth, paddedHeight: paddedHeight, settings: settings,
                    mask: masks.isEmpty
                        ? nil : Mask(name: nil, parts: masks, inverts: false, grow: 0))
            ]
        var pictures: [String: Picture] = [:]
        if let source { pictures[Request.source] = Picture(source, name: Request.source) }
        var request = Request(
            try all.map { edit in
                guard let verb = Verb(rawValue: edit.verb) else {
                    throw GessoError(
                        .badData, "an unknown verb '\(edit.verb.prefix(40))'", at: "receipt",
                        do: "use a newer gesso")
                }
                let mask = try edit.mask?.plan(&pictures)
                try mask?.check(at: .argument("receipt"))
                return Request.Edit(verb, try Recipe(verb, values: edit.settings), mask: mask)
            }, pictures: pictures)
        request.pictures = pictures
        request.format = ImageFormat(written: result.format) ?? .png
        request.quality = try Request.checked(quality: result.quality)
        (request.recipes, request.variables) = (recipes, variables)
        return Receipt(
            version: version, kernels: kernels, request: request,
            edits: all.map {
                Receipt.Edit(
                    seed: $0.seed, scheduler: $0.scheduler, evaluations: $0.evaluations,
                    paddedWidth: $0.paddedWidth, paddedHeight: $0.paddedHeight, precision: nil,
                    kernels: nil)
            }, checkpoint: model, addOns: addOns ?? [], result: result)
    }
}

extension EarlierReceipt.Mask {
    /// The mask, its files among the pictures by names of their own.
    func plan(_ pictures: inout [String: Picture]) throws -> MaskPlan {
        var plans: [MaskPlan.Part] = []
        for part in parts {
            let source: MaskSource
            if let file = part.file {
                let known = pictures.first {
                    $0.key != Request.source && $0.value.path == file.path
                        && $0.value.sha256 == file.sha256
                }
                let count = pictures.keys.count { $0 != Request.source }
                let name = known?.key ?? (count == 0 ? "mask" : "mask-\(count + 1)")
                pictures[name] = Picture(file, name: name)
                source = .picture(name)
            } else if let mask = part.mask {
                source = .mask(try mask.plan(&pictures))
            } else {
                source = try MaskSource(part.spec ?? "", at: .argument("receipt"))
            }
            plans.append(.init(source, subtracts: part.subtracts, at: .argument("receipt")))
        }
        return MaskPlan(name: name, parts: plans, inverts: inverts, grow: grow)
    }
}

extension Picture {
    fileprivate init(_ file: Receipt.File, name: String) {
        self = Picture(path: file.path, data: nil, sha256: file.sha256, name: file.path ?? name)
    }
}
