import Imaging
import Recipes

/// A part of an edit's canvas that the model works on at once. Every edit is one or several of them,
/// done in their order.
struct Pass: Sendable {
    /// Where it is on the canvas.
    let box: Box
    /// Size it is worked on at, in pixels.
    let width: Int
    /// Size it is worked on at, in pixels.
    let height: Int
    /// How much of each pixel of the box is replaced; nil replaces all.
    var mask: Mask?
    /// What the model repaints of the box; nil is everything.
    let region: Mask?
    /// The prompt, where it is not the recipe's.
    var prompt: String?
    /// Whether it is painted over what earlier passes have painted, and joined to it.
    var seesEarlier = true
    /// What of the box is filled from the rest of it before, at the size of the work; nil is nothing.
    var hole: Hole?
    /// Share of the noise schedule that is run to give what was made larger its detail; nil is the
    /// edit's own.
    var detailStrength: Double?
    /// The share that each pixel has among tiles that overlap; nil is all.
    var fade: Mask?
    /// Whether it is painted from what all tiles before it have come to; of tiles of one size none sees another.
    var seesTiles = false
    /// Whether the picture's own fine detail is put back into what was painted.
    var keepsDetail = false

    /// A part of a box that is filled.
    struct Hole: Sendable {
        /// All that is not black.
        let mask: Mask
        let filling: Filling
        /// What no patch is taken from; nil is nothing.
        var avoided: Mask? = nil
    }

    /// The whole of an edit; with a second run at the size of the first.
    init(wholeOf edit: Edit) {
        self.init(
            box: Box(x: 0, y: 0, width: edit.width, height: edit.height),
            width: edit.enlargement?.first.width ?? edit.width,
            height: edit.enlargement?.first.height ?? edit.height, mask: edit.mask,
            region: edit.region)
        // Its two runs have a picture of their own between them.
        seesEarlier = edit.enlargement == nil
    }

    init(box: Box, width: Int, height: Int, mask: Mask?, region: Mask?) {
        (self.box, self.width, self.height) = (box, width, height)
        (self.mask, self.region) = (mask, region)
    }

    /// What the model repaints, at the size of the work.
    func workRegion(_ mode: MaskMode) -> Mask? {
        region.map { region in
            guard isScaled else { return region }
            let scaled = region.resized(width: width, height: height, filter: .bilinear)
            return mode == .hard ? scaled.support : scaled
        }
    }

    /// Whether it is worked on at another size than its own.
    var isScaled: Bool { width != box.width || height != box.height }
}

/// How an edit falls into passes.
enum Division: Sendable, Equatable {
    /// It is one.
    case whole
    /// The parts of the mask, all at once or one by one; worked on at a size, where one is given.
    case mask(padding: Int?, size: Size?, byComponent: Bool)
    /// Steps from a picture outwards; filled in each.
    case canvas(around: Box, filling: Filling)
    /// Tiles that fade into each other.
    case tiles(size: Int?, overlap: Int)
}

extension Edit {
    /// The passes of the edit.
    ///
    /// - Parameters:
    ///   - side: pixels a side that the model is best at.
    ///   - multiple: what sizes worked on at another scale are multiples of.
    ///   - work: what is worked on at once, where that is not the picture at its own size.
    /// - Throws: `EditingError.tooManyParts`.
    func passes(side: Int, multiple: Int, work: WorkArea? = nil) throws -> [Pass] {
        if isIdentity { return [Pass(wholeOf: self)] }
        if let work { return try passes(at: work, multiple: multiple) }
        switch division {
        case .whole: return [Pass(wholeOf: self)]
        case .mask(let padding, let size, let byComponent):
            return try maskPasses(
                padding: padding, size: size, byComponent: byComponent, side: side,
                multiple: multiple)
        case .canvas(let picture, let filling):
            return canvasPasses(around: picture, filling, side: side)
        case .tiles(let size, let overlap):
            return tiles(side: size ?? side, overlap: overlap)
        }
    }

    private func maskPasses(
        padding: Int?, size: Size?, byComponent: Bool, side: Int, multiple: Int
    ) throws -> [Pass] {
        guard let mask, let region else { return [Pass(wholeOf: self)] }
        let support = mask.support.united(with: region.support)
        let parts = byComponent ? support.components : []
        try Self.check(parts)
        let whole = Box(x: 0, y: 0, width: width, height: height)
        func pass(_ bounds: Box, _ part: Mask.Component?) -> Pass {
            let (box, size) =
                padding.map {
                    maskRegion(
                        around: bounds, padding: $0, at: size, side: side, multiple: multiple)
                } ?? (whole, (width: width, height: height))
            let limit = part?.placed(in: box)
            func own(_ mask: Mask) -> Mask {
                let cropped = mask.cropped(to: box)
                return limit.map(cropped.limited) ?? cropped
            }
            return Pass(
                box: box, width: size.width, height: size.height, mask: own(mask),
                region: own(region))
        }
        guard byComponent else { return [pass(support.bounds ?? whole, nil)] }
        return parts.enumerated().map { index, part in
            var pass = pass(part.bounds, part)
            pass.prompt = recipe.prompt(ofComponent: index)
            return pass
        }
    }

    /// The box around a mask that is worked on alone, and the size of the work: that which is given, in whose
    /// shape the box is as far as the picture goes, else about a square of `side`.
    private func maskRegion(
        around bounds: Box, padding: Int, at size: Size?, side: Int, multiple: Int
    ) -> (box: Box, size: (width: Int, height: Int)) {
        guard let size else {
            let box = bounds.withContext(
                padding: padding, least: side / 4, inWidth: width, height: height)
            return (box, box.workSize(side: side, multiple: multiple))
        }
        let box = bounds.withContext(
            padding: padding, shape: (size.width, size.height), inWidth: width, height: height)
        return (
            box, box.workSize(within: (size.width, size.height), multiple: multiple)
        )
    }

    /// - Throws: `EditingError.tooManyParts`.
    static func check(_ parts: [Mask.Component]) throws {
        guard parts.count <= mostParts else {
            throw EditingError.tooManyParts(parts.count, most: mostParts)
        }
    }

    /// The most parts of a mask that are painted one by one.
    static let mostParts = 64
}
