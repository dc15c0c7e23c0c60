public import Imaging
import Recipes

/// A canvas that passes are painted on, one over the other.
struct LayeredCanvas {
    /// What a pass came to.
    struct Painted {
        /// 8-bit RGB, of the size the pass was worked on at.
        let image: Image
        /// What of it is shown at most, of the same size; nil is all.
        let shown: Mask?
    }

    /// The result so far; nil until something is painted where there was nothing.
    private(set) var result: Image?
    /// The borders of what was painted: in the picture as it was, with what was painted laid over it
    /// as it came, and in the result.
    private(set) var seams: SeamReport?
    /// What the model sees.
    private var seen: Image?
    /// What the model began the latest pass with.
    private var begun: Image?
    private let edit: Edit
    private var recipe: Recipe { edit.recipe }

    init(_ edit: Edit) {
        self.edit = edit
        result = edit.original
        seen = edit.start?.withoutHiddenColors
    }

    /// What a pass paints, as an edit of its own, all of which is replaced.
    mutating func part(_ pass: Pass) -> Edit {
        if pass.seesTiles, let result { seen = result.withoutHiddenColors }
        let start = seen.map { seen in
            if edit.enlargement != nil { return seen }
            let part = seen.cropped(to: pass.box).resized(width: pass.width, height: pass.height)
            guard let hole = pass.hole else { return part }
            func scaled(_ mask: Mask) -> Mask {
                mask.resized(width: pass.width, height: pass.height, filter: .bilinear).support
            }
            return part.filled(
                where: scaled(hole.mask), with: hole.filling,
                avoiding: hole.avoided.map(scaled))
        }
        begun = start
        let isTile = pass.detailStrength != nil
        // A model that follows instructions is shown the picture itself, whatever it begins with.
        let shown = edit.isInstruction && isTile ? edit.original?.cropped(to: pass.box) : start
        var part = Edit(
            verb: edit.verb, recipe: edit.recipe, original: shown, start: start, mask: nil,
            region: pass.workRegion(edit.mode), width: pass.width, height: pass.height,
            strength: pass.detailStrength ?? edit.strength, notes: [],
            mode: isTile ? .hard : edit.mode, isInstruction: edit.isInstruction,
            enlargement: edit.enlargement)
        part.controls =
            edit.enlargement != nil
            ? edit.controls
            : edit.controls.map {
                $0.cropped(to: pass.box, of: edit, width: pass.width, height: pass.height)
            }
        return part
    }

    /// Lays what a pass painted over the canvas, within its mask only.
    mutating func lay(_ painted: Painted, _ pass: Pass) {
        guard result != nil else {
            result = painted.image
            return
        }
        let painted = meeting(painted, pass)
        if pass.isScaled, pass.fade == nil, !joinsAsAWhole(pass) {
            return layInBands(painted, pass)
        }
        let box = pass.box
        lay(
            painted.image.resized(width: box.width, height: box.height),
            shown: painted.shown?.resized(width: box.width, height: box.height, filter: .bilinear),
            pass)
    }

    /// What a part of a large picture came to, moved so that it meets what the model was shown around its mask: where
    /// pixels of the work are many of the picture's, a step at the border is as wide.
    private func meeting(_ painted: Painted, _ pass: Pass) -> Painted {
        guard pass.isScaled || pass.detailStrength != nil, edit.mode == .hard, let begun,
            let area = pass.workRegion(.hard), begun.width == painted.image.width,
            begun.height == painted.image.height
        else { return painted }
        return Painted(
            image: painted.image.meeting(begun.inSRGB, around: area.support), shown: painted.shown)
    }

    /// Whether the colours of all that was painted are needed to join any of it.
    private func joinsAsAWhole(_ pass: Pass) -> Bool {
        pass.seesEarlier && pass.mask != nil
            && (recipe.blend == .poisson || recipe.matchColor != .off)
    }

    /// Lays what was painted at another size over the canvas, as much at once as memory needs not grow with
    /// the canvas.
    private mutating func layInBands(_ painted: Painted, _ pass: Pass) {
        let box = pass.box
        let detail = pass.keepsDetail ? photoDetail(of: painted.image) : nil
        let shown = painted.shown?.resized(
            width: box.width, height: box.height, filter: .bilinear)
        for band in box.bands(pixels: Self.bandPixels) {
            // Two more pixels around, by which borders are measured.
            var part = band
            if let mask = pass.mask {
                guard let bounds = mask.cropped(to: band).bounds else { continue }
                part = bounds.widened(by: 2, within: band)
            }
            var own = Pass(
                box: Box(
                    x: box.x + part.x, y: box.y + part.y, width: part.width, height: part.height),
                width: part.width, height: part.height, mask: pass.mask?.cropped(to: part),
                region: nil)
            own.seesEarlier = pass.seesEarlier
            lay(
                detail?.enlarged(part)
                    ?? painted.image.resized(width: box.width, height: box.height, part: part),
                shown: shown?.cropped(to: part), own)
        }
    }

    /// What becomes of the picture's fine detail; nil where there is no picture.
    private func photoDetail(of painted: Image) -> PhotoDetail? {
        guard let begun, let original = edit.original else { return nil }
        return PhotoDetail(of: original, worked: begun, painted: painted)
    }

    /// Pixels that are laid at once.
    private static let bandPixels = 4 << 20

    /// - Parameters:
    ///   - fresh: of the size of the pass's box.
    ///   - shown: what of it is shown at most, likewise; nil is all.
    private mutating func lay(_ fresh: Image, shown: Mask?, _ pass: Pass) {
        let box = pass.box
        guard let before = result?.cropped(to: box) else { return }
        var share =
            pass.mask ?? Mask(width: box.width, height: box.height, filledWith: 255)
        let area = share.support
        let joins = pass.seesEarlier && pass.mask != nil
        var image =
            joins ? joined(fresh, to: before.withoutHiddenColors.inSRGB, around: area) : fresh
        if recipe.blend != .feather, joins { share = area }
        if let shown { share = share.darkened(by: shown) }
        if let fade = pass.fade {
            // Each tile fades into what is there by itself, and then all of them into each other.
            if pass.mask != nil, let seen {
                image = composite(original: seen.cropped(to: box), generated: image, mask: share)
                share = fade.limited(to: share)
            } else {
                share = fade
            }
        }
        let after = composite(
            original: base(shown, before, pass), generated: image, mask: share)
        if edit.region != nil {
            let pasted = composite(original: before, generated: fresh, mask: area)
            seams = SeamReport(seams, area, before: before, pasted: pasted, after: after)
        }
        result?.replace(box, by: after)
        if pass.seesEarlier, let part = seen?.cropped(to: box) {
            seen?.replace(box, by: composite(original: part, generated: image, mask: share))
        }
    }

    /// What a pass is laid over: what was there. Where only a part of what was painted is shown, the rest
    /// shows what the model began with, so that what a fill had covered does not come back.
    private func base(_ shown: Mask?, _ before: Image, _ pass: Pass) -> Image {
        guard shown != nil, let mask = pass.mask, let seen else { return before }
        let start =
            pass.hole == nil
            ? seen.cropped(to: pass.box)
            : begun?.resized(width: pass.box.width, height: pass.box.height)
        return composite(
            original: before, generated: start ?? seen.cropped(to: pass.box), mask: mask)
    }

    private func joined(_ fresh: Image, to before: Image, around area: Mask) -> Image {
        var image = fresh
        switch recipe.matchColor {
        case .off: break
        case .drift: image = image.matchingColors(of: before, around: area, by: .drift)
        case .surroundings:
            image = image.matchingColors(of: before, around: area, by: .surroundings)
        }
        return recipe.blend == .poisson ? image.meeting(before, around: area) : image
    }
}

/// The border of what was painted, at three moments.
public struct SeamReport: Sendable, Equatable {
    /// In the picture as it was.
    public let source: Seam
    /// With what was painted laid over it as it came.
    public let pasted: Seam
    /// In the result.
    public let result: Seam

    init(_ earlier: SeamReport?, _ area: Mask, before: Image, pasted: Image, after: Image) {
        source = (earlier?.source ?? Seam()) + Seam(of: area, in: before)
        self.pasted = (earlier?.pasted ?? Seam()) + Seam(of: area, in: pasted)
        result = (earlier?.result ?? Seam()) + Seam(of: area, in: after)
    }
}
