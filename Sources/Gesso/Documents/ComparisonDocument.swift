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

    package var lines: [String] {
        let psnr = psnr.map { String(format: "%.4f dB", $0) } ?? "infinite, equal"
        let ssim = ssim.map { String(format: "%.6f", $0) } ?? "none below 11x11 pixels"
        let percent = String(format: "%.4f", 100 * share)
        return [
            "psnr: \(psnr)", "ssim: \(ssim)",
            "largest difference: \(largestDifference) of \(maximum)",
            "pixels that differ: \(differing) of \(pixels), \(percent) %",
        ]
    }
}
