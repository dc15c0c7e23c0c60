import Foundation
import Imaging

/// What pages that show pictures are put together from. A page needs nothing beside its own file: pictures,
/// style and script are in it.
enum PageParts {
    /// A whole page.
    ///
    /// - Parameters:
    ///   - title: plain text, for the window and the heading.
    ///   - body: HTML, below the heading.
    ///   - style: rules of this page beside those that all pages have.
    ///   - script: statements of this page beside those that all pages have.
    static func page(title: String, style: String = "", script: String = "", _ body: String)
        -> String
    {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>\(title.inHTML)</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>\(commonStyle)\(style)</style></head><body>
        <h1>\(title.inHTML)</h1>
        \(body)
        <script>\(commonScript)\(script)</script>
        </body></html>

        """
    }

    /// Two pictures of one size on top of each other, with a line that is moved by the mouse, a finger or
    /// the arrow keys: the first shows to the left of it, the second to the right.
    ///
    /// - Parameters:
    ///   - before: the address of the first picture.
    ///   - after: the address of the second picture.
    ///   - layers: addresses of pictures that may be shown over both, by their class.
    static func pair(
        before: String, after: String, layers: [(name: String, address: String)] = []
    ) -> String {
        let over = layers.map { layer in
            "<img class=\"layer \(layer.name)\" src=\"\(layer.address)\" alt=\"\(layer.name)\">"
        }
        return """
            <div class=pair><img src="\(before)" alt="before">\
            <img class=after src="\(after)" alt="after">\(over.joined())<i></i>\
            <input type=range min=0 max=100 value=50 aria-label="before and after"></div>
            """
    }

    /// The picture as the address of itself; nil if it cannot be encoded.
    ///
    /// - Parameter quality: of the JPEG that an opaque picture becomes; nil makes it a PNG.
    static func address(of image: Image, quality: Int? = 82) -> String? {
        let format: ImageFormat = image.isTransparent || quality == nil ? .png : .jpeg
        var plain = format == .jpeg ? image.converted(channels: 3, depth: 8) : image
        plain.metadata = ImageMetadata()
        guard let data = try? plain.encoded(as: format, quality: format == .jpeg ? quality : nil)
        else { return nil }
        let kind = format == .jpeg ? "jpeg" : "png"
        return "data:image/\(kind);base64,\(data.base64EncodedString())"
    }

    private static let commonStyle = """
        body{font:15px/1.4 system-ui,sans-serif;margin:2em auto;max-width:1200px;padding:0 1em;\
        color:#222;background:#f6f6f4}h1{font-size:1.4em}h2{font-size:1em;margin:.2em 0;\
        overflow-wrap:anywhere}article{background:#fff;padding:.7em;border-radius:6px}\
        p{margin:.4em 0}th{text-align:left;padding-right:1em}\
        main{display:grid;gap:1.2em;grid-template-columns:repeat(auto-fill,minmax(280px,1fr))}\
        .pair{position:relative;--at:50%}.pair img{display:block;width:100%}\
        .pair .after{position:absolute;inset:0;height:100%;clip-path:inset(0 0 0 var(--at))}\
        .pair i{position:absolute;top:0;bottom:0;left:var(--at);width:2px;background:#fff;\
        box-shadow:0 0 3px #000}.pair input{position:absolute;inset:0;width:100%;height:100%;\
        margin:0;opacity:0;cursor:ew-resize}.pair input:focus-visible{opacity:.4}
        """

    private static let commonScript = """
        for(const r of document.querySelectorAll('.pair input'))\
        r.addEventListener('input',()=>r.parentNode.style.setProperty('--at',r.value+'%'));
        """
}

extension String {
    /// The text with the characters that mean something in HTML, or that hide, spelt out.
    var inHTML: String {
        escapingControls().replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
