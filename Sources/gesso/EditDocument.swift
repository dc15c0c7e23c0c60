import Editing
import Recipes

/// How a picture was made, as `--json` prints it. Keys are only ever added within a schema's number.
struct EditDocument: Encodable {
    private let schema = "gesso.edit/1"
    private let verb: String
    private let output: String
    private let model: String
    private let scheduler: String
    private let seed: UInt64
    private let evaluations: Int
    private let width: Int
    private let height: Int
    private let paddedWidth: Int
    private let paddedHeight: Int
    private let repaintedFraction: Double
    private let passes: [PassDocument]
    /// The border of what was painted; absent without a mask.
    private let seam: SeamDocument?
    private let seconds: [String: Double]
    private let notes: [String]
    /// What was found outside the mask, in the bytes written; absent without a mask.
    private let verified: MaskProof?
    private let recipe: [String: Key.Value]

    init(
        _ verb: Verb, _ recipe: Recipe, _ report: EditReport, output: String, loading: Double,
        verified: MaskProof?
    ) {
        self.verb = verb.rawValue
        self.output = output
        model = report.model
        scheduler = report.scheduler
        seed = report.seed
        evaluations = report.evaluations
        width = report.width
        height = report.height
        paddedWidth = report.paddedWidth
        paddedHeight = report.paddedHeight
        repaintedFraction = report.repaintedFraction
        passes = report.passes.map(PassDocument.init)
        seam = report.seams.map(SeamDocument.init)
        seconds = report.seconds.merging(["load": loading]) { stage, _ in stage }
        notes = report.notes
        self.verified = verified
        let keys = Recipe.keys.filter { $0.verbs.contains(verb) }
        self.recipe = Dictionary(
            keys.compactMap { key in key.value(in: recipe).map { (key.name, $0) } },
            uniquingKeysWith: { first, _ in first })
    }
}
