import Editing
import Recipes

/// How a picture was made, as `--json` prints it. Keys are only ever added within a schema's number.
struct EditDocument: Encodable {
    private let report: EditReport
    private let head: Head

    /// What stands beside the report's own keys.
    private struct Head: Encodable {
        let schema = "gesso.edit/1"
        let verb: String
        let output: String
        /// The border of what was painted; absent without a mask.
        let seam: SeamDocument?
        /// What was found outside the mask, in the bytes written; absent without a mask.
        let verified: MaskProof?
        let recipe: [String: Key.Value]
    }

    init(
        _ verb: Verb, _ recipe: Recipe, _ report: EditReport, output: String, loading: Double,
        verified: MaskProof?
    ) {
        var report = report
        report.seconds["load"] = report.seconds["load"] ?? loading
        self.report = report
        let values = Recipe.keys.filter { $0.verbs.contains(verb) }
            .compactMap { key in key.value(in: recipe).map { (key.name, $0) } }
        head = Head(
            verb: verb.rawValue, output: output, seam: report.seams.map(SeamDocument.init),
            verified: verified,
            recipe: Dictionary(values, uniquingKeysWith: { first, _ in first }))
    }

    func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        try head.encode(to: encoder)
    }
}
