import Foundation
package import Imaging

/// How two pictures of one size differ, as `--json` prints it.
package struct ComparisonDocument: PlainDocument {
    private let schema = "gesso.compare/1"
    private let width: Int
    private let height: Int
    private let channels: Int
    private let maximum: Int
    private let identical: Bool
    /// Decibels; absent where there is no difference.
    private let psnr: Double?
    /// Absent below 11x11 pixels.
    private let ssim: Double?
    private let largestDifference: Int
    private let pixels: Int
    private let differing: Int
    private let share: Double
    private let bounds: MaskProof.Rectangle?
    /// What was measured where a mask is not black; absent without one.
    private var inside: Part?
    /// What was measured where a mask is black; absent without one.
    private var outside: Part?

    /// A part of the pictures.
    private struct Part: Encodable {
        let pixels: Int
        let differing: Int
        let largestDifference: Int
        /// Decibels; absent where there is no difference.
        let psnr: Double?

        init(_ comparison: Comparison) {
            (pixels, differing) = (comparison.pixels, comparison.differing)
            (largestDifference, psnr) = (comparison.largestDifference, comparison.psnr)
        }

        /// The part as a line.
        func line(of maximum: Int) -> String {
            guard differing > 0 else { return "0 of \(pixels) pixels differ" }
            let decibels = psnr.map { String(format: ", psnr %.4f dB", $0) } ?? ""
            return "\(differing) of \(pixels) pixels differ, by \(largestDifference) of \(maximum) "
                + "at most" + decibels
        }
    }

    package init(_ comparison: Comparison, ssim: Double?) {
        (width, height) = (comparison.width, comparison.height)
        (channels, maximum) = (comparison.channels, comparison.maximum)
        identical = comparison.differing == 0
        (psnr, self.ssim) = (comparison.psnr, ssim)
        largestDifference = comparison.largestDifference
        (pixels, differing) = (comparison.pixels, comparison.differing)
        share = comparison.share
        bounds = comparison.bounds.map(MaskProof.Rectangle.init)
    }

    /// Adds what was measured inside and outside of a mask.
    package mutating func add(inside: Comparison, outside: Comparison) {
        (self.inside, self.outside) = (Part(inside), Part(outside))
    }

    package var lines: [String] {
        let psnr = psnr.map { String(format: "%.4f dB", $0) } ?? "infinite, equal"
        let ssim = ssim.map { String(format: "%.6f", $0) } ?? "none below 11x11 pixels"
        let percent = String(format: "%.4f", 100 * share)
        var lines = [
            "psnr: \(psnr)", "ssim: \(ssim)",
            "largest difference: \(largestDifference) of \(maximum)",
            "pixels that differ: \(differing) of \(pixels), \(percent) %",
        ]
        if let inside { lines.append("inside the mask: " + inside.line(of: maximum)) }
        if let outside { lines.append("outside the mask: " + outside.line(of: maximum)) }
        return lines
    }
}
