public import Foundation
public import Imaging
public import Recipes

extension Image {
    /// What stands for a picture that could not be made: a red cross.
    public static var crossedOut: Image {
        Image(
            width: 64, height: 64, channels: 3,
            samples: (0..<64 * 64).flatMap { pixel -> [UInt16] in
                let (x, y) = (pixel % 64, pixel / 64)
                return abs(x - y) < 2 || abs(x + y - 63) < 2 ? [190, 60, 60] : [240, 240, 240]
            })
    }
}

extension Batch.Outcome.Status {
    /// What the caption of a picture says became of it.
    fileprivate var caption: String {
        switch self {
        case .made, .failed: rawValue
        case .kept: "there already"
        case .skipped: "skipped, there already"
        }
    }
}

/// One page that needs nothing beside it: each picture before and after, its settings and time, and
/// what failed.
public struct BatchReport {
    /// The page.
    public let html: String

    /// The page of a batch.
    ///
    /// - Parameter verb: what was done, or last of several edits.
    public init(_ outcomes: [Batch.Outcome], _ folder: BatchFolder, _ verb: Verb) {
        let failed = outcomes.count { $0.status == .failed }
        let seconds = outcomes.compactMap { Self.seconds($0, folder) }.reduce(0, +)
        let title = "gesso batch: \(verb.rawValue)"
        html = PageParts.page(
            title: title, style: ".failed{border-left:4px solid #b33}",
            """
            <p>\(outcomes.count - failed) of \(outcomes.count) pictures, \(failed) failed; \
            \(String(format: "%.1f", seconds)) s of work; first seed \(folder.seed); \
            \(Program.name)</p>
            \(Self.settings(outcomes, verb))
            <main>
            \(outcomes.map { Self.card($0, folder) }.joined(separator: "\n"))
            </main>
            """)
    }

    /// A picture in a file, no side longer than `side` pixels; nil where there is none.
    public static func thumbnail(_ file: URL, side: Int = 360) -> Image? {
        guard let image = try? Image(contentsOf: file) else { return nil }
        let scale = min(Double(side) / Double(max(image.width, image.height)), 1)
        func scaled(_ length: Int) -> Int { max(Int((Double(length) * scale).rounded()), 1) }
        var small = image.converted(channels: image.hasAlpha ? 4 : 3, depth: 8)
            .resized(width: scaled(image.width), height: scaled(image.height))
        small.metadata = ImageMetadata()
        return small
    }

    private static func seconds(_ outcome: Batch.Outcome, _ folder: BatchFolder) -> Double? {
        outcome.seconds ?? folder.entry(outcome.item.output)?.seconds
    }

    /// The settings of the first picture, which are those of all but for seeds and lists' own.
    private static func settings(_ outcomes: [Batch.Outcome], _ verb: Verb) -> String {
        guard let recipe = outcomes.lazy.compactMap(\.item.request.edits.first?.recipe).first else {
            return ""
        }
        let rows = Recipe.keys.filter { $0.verbs.contains(verb) && $0.name != "seed" }
            .compactMap { key in
                key.value(in: recipe).map {
                    "<tr><th>\(key.name)</th><td>\("\($0)".inHTML)</td></tr>"
                }
            }
        return "<details><summary>settings</summary><table>\(rows.joined())</table></details>"
    }

    private static func card(_ outcome: Batch.Outcome, _ folder: BatchFolder) -> String {
        let item = outcome.item
        let caption = "<h2>\(item.output.inHTML)</h2>"
        let before = thumbnail(URL(filePath: item.input)).flatMap { PageParts.address(of: $0) }
        let after = thumbnail(folder.url(item.output)).flatMap { PageParts.address(of: $0) }
        guard outcome.status != .failed, let after else {
            let reason = outcome.error?.description ?? "there is no picture"
            return "<article class=failed>\(caption)<p>\(reason.inHTML)</p></article>"
        }
        let time = seconds(outcome, folder).map { String(format: ", %.2f s", $0) } ?? ""
        let seed = folder.entry(item.output).flatMap { outcome.status == .kept ? $0.seed : nil }
        let own = item.settings.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        return """
            <article>\(caption)\(PageParts.pair(before: before ?? after, after: after))\
            <p>\(outcome.status.caption), seed \(seed ?? item.seed)\(time)\
            \(own.isEmpty ? "" : "; " + own.inHTML)</p></article>
            """
    }
}
