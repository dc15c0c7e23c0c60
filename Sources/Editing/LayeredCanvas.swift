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
    private let edit: Edit
    private var recipe: Recipe { edit.recipe }

    init(_ edit: Edit) {
        self.edit = edit
        result = edit.original
        seen = edit.start?.withoutHiddenColors
    }

    /// What a pass paints, as an edit of its own, all of which is replaced.
    func part(_ pass: Pass) -> Edit {
        let start = seen.map { seen in
            if edit.enlargement != nil { return seen }
            var part = seen.cropped(to: pass.box)
            if let hole = pass.hole, case .canvas(_, let filling) = edit.division {
                part = part.filled(where: hole, with: filling)
            }
            return part.resized(width: pass.width, height: pass.height)
        }
        let region = pass.region.map { region in
            guard pass.isScaled else { return region }
            let scaled = region.resized(
                width: pass.width, height: pass.height, filter: .bilinear)
            return edit.mode == .hard ? scaled.support : scaled
        }
        var part = Edit(
            verb: edit.verb, recipe: edit.recipe, original: start, start: start, mask: nil,
            region: region, width: pass.width,
            height: pass.height, strength: edit.strength, notes: [], mode: edit.mode,
            isInstruction: edit.isInstruction, enlargement: edit.enlargement)
        part.controls =
            edit.enlargement != nil
            ? edit.controls
            : edit.controls.map {
                $0.placed(on: edit).cropped(to: pass.box, width: pass.width, height: pass.height)
            }
        return part
    }

    /// Lays what a pass painted over the canvas, within its mask only.
    mutating func lay(_ painted: Painted, _ pass: Pass) {
        guard let before = result?.cropped(to: pass.box) else {
            result = painted.image
            return
        }
        let box = pass.box
        let fresh = painted.image.resized(width: box.width, height: box.height)
        var share =
            pass.mask ?? Mask(width: box.width, height: box.height, filledWith: 255)
        let area = share.support
        let image =
            pass.seesEarlier
            ? joined(fresh, to: before.withoutHiddenColors.inSRGB, around: area) : fresh
        if recipe.blend != .feather, pass.seesEarlier { share = area }
        if let shown = painted.shown {
            share = share.darkened(
                by: shown.resized(width: box.width, height: box.height, filter: .bilinear))
        }
        let after = composite(
            original: base(under: painted, before, pass), generated: image, mask: share)
        if edit.region != nil {
            let pasted = composite(original: before, generated: fresh, mask: area)
            seams = SeamReport(seams, area, before: before, pasted: pasted, after: after)
        }
        result = result?.replacing(box, by: after)
        if pass.seesEarlier, let part = seen?.cropped(to: box) {
            seen = seen?.replacing(
                box, by: composite(original: part, generated: image, mask: share))
        }
    }

    /// What a pass is laid over: what was there. Where only a part of what was painted is shown, the rest
    /// shows what the model began with, so that what a fill had covered does not come back.
    private func base(under painted: Painted, _ before: Image, _ pass: Pass) -> Image {
        guard painted.shown != nil, let mask = pass.mask, let seen else { return before }
        return composite(original: before, generated: seen.cropped(to: pass.box), mask: mask)
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
