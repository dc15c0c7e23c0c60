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
        html = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(title)</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <style>\(Self.style)</style></head><body>
            <h1>\(title)</h1>
            <p>\(outcomes.count - failed) of \(outcomes.count) pictures, \(failed) failed; \
            \(String(format: "%.1f", seconds)) s of work; first seed \(folder.seed); \
            \(Program.name)</p>
            \(Self.settings(outcomes, verb))
            <main>
            \(outcomes.map { Self.card($0, folder) }.joined(separator: "\n"))
            </main>
            <script>\(Self.script)</script>
            </body></html>

            """
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
        guard let recipe = outcomes.first?.item.request.edits.first?.recipe else { return "" }
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
        let before = thumbnail(URL(filePath: item.input)).flatMap(source)
        let after = thumbnail(folder.url(item.output)).flatMap(source)
        guard outcome.status != .failed, let after else {
            let reason = outcome.error?.description ?? "there is no picture"
            return "<article class=failed>\(caption)<p>\(reason.inHTML)</p></article>"
        }
        let time = seconds(outcome, folder).map { String(format: ", %.2f s", $0) } ?? ""
        let own = item.settings.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        return """
            <article>\(caption)<div class=pair><img src="\(before ?? after)" alt="before">\
            <img class=after src="\(after)" alt="after"><i></i>\
            <input type=range min=0 max=100 value=50 aria-label="before and after"></div>\
            <p>\(outcome.status.rawValue), seed \(item.seed)\(time)\
            \(own.isEmpty ? "" : "; " + own.inHTML)</p></article>
            """
    }

    /// The picture as the address of itself.
    private static func source(_ image: Image) -> String? {
        let format: ImageFormat = image.isTransparent ? .png : .jpeg
        let plain = format == .jpeg ? image.converted(channels: 3, depth: 8) : image
        guard let data = try? plain.encoded(as: format, quality: format == .jpeg ? 82 : nil) else {
            return nil
        }
        let kind = format == .jpeg ? "jpeg" : "png"
        return "data:image/\(kind);base64,\(data.base64EncodedString())"
    }

    private static let style = """
        body{font:15px/1.4 system-ui,sans-serif;margin:2em auto;max-width:1200px;padding:0 1em;\
        color:#222;background:#f6f6f4}h1{font-size:1.4em}h2{font-size:1em;margin:.2em 0;\
        overflow-wrap:anywhere}main{display:grid;gap:1.2em;\
        grid-template-columns:repeat(auto-fill,minmax(280px,1fr))}article{background:#fff;\
        padding:.7em;border-radius:6px}.failed{border-left:4px solid #b33}p{margin:.4em 0}\
        .pair{position:relative;--at:50%}.pair img{display:block;width:100%}\
        .pair .after{position:absolute;inset:0;height:100%;clip-path:inset(0 0 0 var(--at))}\
        .pair i{position:absolute;top:0;bottom:0;left:var(--at);width:2px;background:#fff;\
        box-shadow:0 0 3px #000}.pair input{position:absolute;inset:0;width:100%;height:100%;\
        margin:0;opacity:0;cursor:ew-resize}.pair input:focus-visible{opacity:.4}\
        th{text-align:left;padding-right:1em}
        """

    private static let script = """
        for(const r of document.querySelectorAll('.pair input'))\
        r.addEventListener('input',()=>r.parentNode.style.setProperty('--at',r.value+'%'))
        """
}

extension String {
    /// The text as it stands in a page.
    fileprivate var inHTML: String {
        escapingControls().replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
