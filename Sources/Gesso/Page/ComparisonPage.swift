import Foundation
package import Imaging

/// One page that needs nothing beside it, to look at what an edit did: both pictures under a slider, the
/// mask and a heat map over them, and the places where the seam shows most, enlarged.
package struct ComparisonPage {
    /// The page.
    package private(set) var html = ""

    /// The longest side of the pictures under the slider, in pixels.
    private static let side = 1600
    /// The side of an enlarged place of a picture of that longest side, in pixels: as much of a large photo
    /// as of a small one, as far as a screen shows it pixel by pixel.
    package static func spotSide(of longest: Int) -> Int { min(max(longest * 3 / 40, 120), 480) }
    /// The most places that are enlarged.
    private static let mostSpots = 6

    private let before: Image
    private let after: Image
    /// What was repainted.
    private let area: Mask
    private let isMaskGiven: Bool

    /// The page of two pictures of one size.
    ///
    /// - Parameters:
    ///   - before: the picture before the edit.
    ///   - after: the picture after it.
    ///   - mask: what was repainted; nil takes the pixels that differ.
    ///   - names: what the pictures are called.
    ///   - document: what was measured.
    /// - Throws: `ImagingError.sizesDiffer`.
    package init(
        _ before: Image, _ after: Image, mask: Mask?, names: (before: String, after: String),
        _ document: ComparisonDocument
    ) throws {
        let heat = try Image.heatMap(before, after)
        (self.before, self.after) = (before, after)
        isMaskGiven = mask != nil
        area = mask?.support ?? Mask(heat).support
        let facts = document.lines + Self.facts(of: area, in: after)
        let body = """
            <p>\(names.before.inHTML) (left) and \(names.after.inHTML) (right), \
            \(before.width)x\(before.height) pixels; \(Program.name)</p>
            \(overview(heat))
            <h2>Where to look</h2>
            \(spots())
            <h2>Measured</h2>
            <table>\(facts.map(Self.row).joined())</table>
            """
        html = PageParts.page(
            title: "\(names.before) and \(names.after)", style: Self.style, script: Self.script,
            body)
    }

    /// Both pictures as a whole, with what can be laid over them.
    private func overview(_ heat: Image) -> String {
        let scale = min(Double(Self.side) / Double(max(before.width, before.height)), 1)
        func small(_ image: Image, _ filter: ResamplingFilter = .lanczos) -> Image {
            func scaled(_ length: Int) -> Int { max(Int((Double(length) * scale).rounded()), 1) }
            return scale == 1
                ? image
                : image.resized(
                    width: scaled(image.width), height: scaled(image.height), filter: filter)
        }
        let mask = small(area.image, .bilinear)
        guard let first = PageParts.address(of: small(before.shown), quality: 88),
            let second = PageParts.address(of: small(after.shown), quality: 88),
            let tint = PageParts.address(of: Self.tint(mask), quality: nil),
            let heat = PageParts.address(of: small(heat, .bilinear), quality: 88)
        else { return "" }
        let choices = [("none", "nothing"), ("mask", maskLabel), ("heat", "heat map")]
            .map { value, label in
                "<label><input type=radio name=layer value=\(value)"
                    + "\(value == "none" ? " checked" : "")> \(label)</label>"
            }
        return """
            <article class=whole>\
            \(PageParts.pair(before: first, after: second, layers: [("mask", tint), ("heat", heat)]))\
            <p>Over it: \(choices.joined(separator: " "))</p></article>
            """
    }

    private var maskLabel: String { isMaskGiven ? "mask" : "pixels that differ" }

    /// Red where a grey picture is white, clear where it is black.
    private static func tint(_ mask: Image) -> Image {
        Image(
            width: mask.width, height: mask.height, channels: 4,
            samples: mask.samples.flatMap { [230, 30, 60, $0 * 3 / 5] as [UInt16] })
    }

    /// The enlarged places.
    private func spots() -> String {
        let boxes = SeamSpots(area, after).boxes(
            side: Self.spotSide(of: max(after.width, after.height)), most: Self.mostSpots)
        guard !boxes.isEmpty else { return "<p>The pictures do not differ.</p>" }
        let cards = boxes.compactMap { box -> String? in
            guard let first = PageParts.address(of: before.shown.cropped(to: box), quality: nil),
                let second = PageParts.address(of: after.shown.cropped(to: box), quality: nil),
                let line = PageParts.address(of: Self.outline(area.cropped(to: box)), quality: nil)
            else { return nil }
            return """
                <article>\
                \(PageParts.pair(before: first, after: second, layers: [("outline", line)]))\
                <p>\(box.width)x\(box.height) at \(box.x),\(box.y)</p></article>
                """
        }
        return """
            <p>The places along the border of what was repainted where colours break most. \
            <label><input type=checkbox id=outline> show the border</label></p>
            <main class=spots>\(cards.joined(separator: "\n"))</main>
            """
    }

    /// The pixels of a mask that lie beside others, in red.
    private static func outline(_ mask: Mask) -> Image {
        let inner = mask.grown(by: -1)
        return Image(
            width: mask.width, height: mask.height, channels: 4,
            samples: zip(mask.values, inner.values).flatMap { whole, inner in
                [230, 30, 60, whole > 0 && inner == 0 ? 255 : 0] as [UInt16]
            })
    }

    private static func facts(of area: Mask, in picture: Image) -> [String] {
        let seam = Seam(of: area, in: picture)
        guard seam.pairs > 0 else { return [] }
        return [
            String(
                format: "seam: colour step %.2f, break %.2f (mean ΔE)", seam.colorStep,
                seam.gradientStep)
        ]
    }

    private static func row(_ line: String) -> String {
        let parts = line.split(separator: ": ", maxSplits: 1).map { String($0).inHTML }
        return "<tr><th>\(parts[0])</th><td>\(parts.count > 1 ? parts[1] : "")</td></tr>"
    }

    private static let style = """
        .whole{max-width:max-content}.pair .layer{position:absolute;inset:0;height:100%;display:none;\
        pointer-events:none}.heat{mix-blend-mode:screen}\
        .show-mask .mask,.show-heat .heat,.show-outline .outline{display:block!important}\
        .show-heat .whole .pair>img:not(.layer){filter:brightness(.35)}\
        .spots img{image-rendering:pixelated}label{margin-right:.8em}
        """

    private static let script = """
        for(const r of document.querySelectorAll('[name=layer]'))r.addEventListener('change',()=>{\
        for(const n of ['mask','heat'])document.body.classList.toggle('show-'+n,r.value==n)});\
        const o=document.getElementById('outline');if(o)o.addEventListener('change',()=>\
        document.body.classList.toggle('show-outline',o.checked));
        """
}

extension Image {
    /// The picture as a page shows it: 8 bits a sample, in sRGB.
    fileprivate var shown: Image { inSRGB.converted(channels: hasAlpha ? 4 : 3, depth: 8) }
}

/// Finds the places of a picture at which the border of an area shows most.
private struct SeamSpots {
    private let area: Mask
    private let picture: Image

    init(_ area: Mask, _ picture: Image) { (self.area, self.picture) = (area, picture) }

    /// Boxes of that side, the worst first, none over another; where the area has no border, those in
    /// the middle of it.
    func boxes(side: Int, most: Int) -> [Box] {
        guard let bounds = area.bounds else { return [] }
        let (width, height) = (min(side, area.width), min(side, area.height))
        // No more than some hundred places are weighed.
        let step = max(side / 2, max(bounds.width, bounds.height) / 24)
        var places: [(box: Box, step: Double)] = []
        for y in stride(from: bounds.y - side / 2, to: bounds.y + bounds.height, by: step) {
            for x in stride(from: bounds.x - side / 2, to: bounds.x + bounds.width, by: step) {
                let box = Box(
                    x: min(max(x, 0), area.width - width), y: min(max(y, 0), area.height - height),
                    width: width, height: height)
                let seam = Seam(of: area.cropped(to: box), in: picture.cropped(to: box))
                if seam.pairs > side / 4 { places.append((box, seam.gradientStep)) }
            }
        }
        // Of equals the first one.
        let order = places.enumerated().sorted {
            ($1.element.step, $0.offset) < ($0.element.step, $1.offset)
        }
        var chosen: [Box] = []
        for (_, place) in order where chosen.count < most {
            if chosen.allSatisfy({ !$0.overlaps(place.box) }) { chosen.append(place.box) }
        }
        if chosen.isEmpty {
            let (x, y) = (bounds.x + bounds.width / 2, bounds.y + bounds.height / 2)
            chosen = [
                Box(
                    x: min(max(x - width / 2, 0), area.width - width),
                    y: min(max(y - height / 2, 0), area.height - height), width: width,
                    height: height)
            ]
        }
        return chosen
    }
}

extension Box {
    fileprivate func overlaps(_ other: Box) -> Bool {
        abs(x - other.x) < min(width, other.width) && abs(y - other.y) < min(height, other.height)
    }
}
