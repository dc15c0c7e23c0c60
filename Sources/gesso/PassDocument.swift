import Editing
import Imaging

/// A part of a picture that is worked on at once, as it is told.
struct PassDocument: Encodable {
    private let x: Int
    private let y: Int
    private let width: Int
    private let height: Int
    /// Size it is worked on at.
    private let workWidth: Int
    private let workHeight: Int

    init(_ pass: PassReport) {
        (x, y) = (pass.box.x, pass.box.y)
        (width, height) = (pass.box.width, pass.box.height)
        (workWidth, workHeight) = (pass.width, pass.height)
    }

    /// As a line: `256x256 at 12,40, worked on at 512x512`.
    var line: String {
        "\(width)x\(height) at \(x),\(y), worked on at \(workWidth)x\(workHeight)"
    }

    /// Whether it is not the whole of a picture at its own size.
    func isPart(of width: Int, _ height: Int) -> Bool {
        (self.width, self.height, workWidth, workHeight) != (width, height, width, height)
    }
}

/// The border of what was painted, as it is told; steps are in ΔE of 1976.
struct SeamDocument: Encodable {
    private let pairs: Int
    private let color: Steps
    private let gradient: Steps

    private struct Steps: Encodable {
        /// In the picture as it was.
        let source: Double
        /// With what was painted laid over as it came.
        let pasted: Double
        let result: Double

        init(_ seams: SeamReport, _ step: (Seam) -> Double) {
            func rounded(_ seam: Seam) -> Double { (step(seam) * 100).rounded() / 100 }
            source = rounded(seams.source)
            pasted = rounded(seams.pasted)
            result = rounded(seams.result)
        }

        var line: String { "\(pasted) as painted, \(result) as joined, \(source) in the source" }
    }

    init(_ seams: SeamReport) {
        pairs = seams.result.pairs
        color = Steps(seams, \.colorStep)
        gradient = Steps(seams, \.gradientStep)
    }

    /// A line for each measure.
    var lines: [String] {
        [
            "colour step across the border: \(color.line)",
            "gradient step across the border: \(gradient.line)",
        ]
    }
}
