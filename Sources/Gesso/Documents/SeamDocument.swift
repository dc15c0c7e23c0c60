import Editing
import Imaging

/// The border of what was painted, as it is reported; steps are in ΔE of 1976.
package struct SeamDocument: Encodable {
    private let pairs: Int
    private let color: Steps
    private let gradient: Steps

    private struct Steps: Encodable {
        /// In the picture as it was.
        package let source: Double
        /// With what was painted laid over as it came.
        package let pasted: Double
        package let result: Double

        package init(_ seams: SeamReport, _ step: (Seam) -> Double) {
            func rounded(_ seam: Seam) -> Double { (step(seam) * 100).rounded() / 100 }
            source = rounded(seams.source)
            pasted = rounded(seams.pasted)
            result = rounded(seams.result)
        }

        package var line: String {
            "\(pasted) as painted, \(result) as joined, \(source) in the source"
        }
    }

    package init(_ seams: SeamReport) {
        pairs = seams.result.pairs
        color = Steps(seams, \.colorStep)
        gradient = Steps(seams, \.gradientStep)
    }

    /// A line for each measure.
    package var lines: [String] {
        [
            "colour step across the border: \(color.line)",
            "gradient step across the border: \(gradient.line)",
        ]
    }
}
