import Foundation

extension SigmaSpacing {
    /// Levels that were optimized for few steps (Sabour, Fidler & Kreis 2024, "Align Your Steps"), for
    /// Stable Diffusion 1 or XL; other numbers of steps are read between them, evenly in ln σ.
    ///
    /// The published list of 11 levels counts the end, so that ten steps take the first ten; A1111 counts
    /// it as a level of its own, and places as many as there are steps.
    public static let alignYourSteps = SigmaSpacing(
        "align-your-steps", a1111: "Align Your Steps", aliases: ["ays"]
    ) { range in
        let published =
            range.isXL
            ? [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029]
            : [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029]
        let points = range.rule.isA1111 ? range.count : range.count + 1
        let last = Double(published.count - 1)
        let levels = TimestepSpacing.evenlySpaced(0, last, points).map { place in
            let low = min(Int(place), published.count - 2)
            let share = place - Double(low)
            return exp(log(published[low]) * (1 - share) + log(published[low + 1]) * share)
        }
        return Array(levels.prefix(range.count))
    }
}
