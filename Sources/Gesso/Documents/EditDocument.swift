import Editing
import Recipes

/// How a picture was made, as `--json` prints it. Keys are only ever added within a schema's number.
package struct EditDocument: Encodable {
    private let report: EditReport
    private let head: Head

    /// What is beside the report's own keys.
    private struct Head: Encodable {
        package let schema = "gesso.edit/1"
        package let verb: String
        package let output: String
        /// All that was noted, by the work and before it.
        package let notes: [String]
        /// The border of what was painted; absent without a mask.
        package let seam: SeamDocument?
        /// What was found outside the mask, in the bytes written; absent without a mask.
        package let verified: MaskProof?
        package let recipe: [String: Key.Value]
    }

    /// - Parameters:
    ///   - index: of the edit; the last by default.
    ///   - hasProof: whether it tells what was found outside of the mask.
    ///   - notes: what was printed beside the remarks of the work.
    package init(
        _ outcome: Outcome, edit index: Int? = nil, output: String, hasProof: Bool = true,
        notes: [String] = []
    ) {
        let work = outcome.works[index ?? outcome.works.count - 1]
        var report = work.report
        report.seconds["load"] = report.seconds["load"] ?? work.loading
        self.report = report
        let values = Recipe.keys.filter { $0.verbs.contains(work.verb) }
            .compactMap { key in key.value(in: work.recipe).map { (key.name, $0) } }
        head = Head(
            verb: work.verb.rawValue, output: output, notes: notes.joined(with: report.allNotes),
            seam: report.seams.map(SeamDocument.init),
            verified: hasProof ? outcome.proof : nil,
            recipe: Dictionary(values, uniquingKeysWith: { first, _ in first }))
    }

    package func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        try head.encode(to: encoder)
    }
}

extension [String] {
    /// These, and of others those that are not among them.
    func joined(with others: [String]) -> [String] {
        self + others.filter { !contains($0) }
    }
}
