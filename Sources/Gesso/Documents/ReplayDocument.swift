/// Whether a picture came out the same again, and what is no longer what it was.
package struct ReplayDocument: PlainDocument {
    private let schema = "gesso.replay/1"
    private let output: String
    private let identical: Bool
    private let drift: [String]

    package init(output: String, identical: Bool, drift: [String]) {
        (self.output, self.identical, self.drift) = (output, identical, drift)
    }

    package var lines: [String] {
        let unexplained = !identical && drift.isEmpty
        return ["\(identical ? "identical" : "not identical"): \(output)"]
            + drift.map { "drifted: \($0)" }
            + (unexplained ? ["drifted: nothing the receipt names; a library, perhaps"] : [])
    }
}
