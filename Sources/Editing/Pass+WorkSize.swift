import Foundation
import Imaging
import Recipes

/// Edits of pictures that are large for the model: what is painted is painted at a size the model can
/// do, made larger, and given its detail at full size.
extension Edit {
    /// The passes of an edit at a working size.
    ///
    /// - Parameters:
    ///   - work: what is worked on at once.
    ///   - multiple: what sizes worked on at another scale are multiples of.
    /// - Throws: `EditingError.tooManyParts`.
    func passes(at work: WorkArea, multiple: Int) throws -> [Pass] {
        switch verb {
        case .inpaint: try boxPasses(at: work, multiple)
        case .outpaint: canvasPasses(at: work, multiple)
        default: wholePasses(at: work, multiple)
        }
    }

    // MARK: - The whole of a picture

    private func wholePasses(at work: WorkArea, _ multiple: Int) -> [Pass] {
        var pass = scaled(at: work, multiple)
        guard pass.isScaled else { return [Pass(wholeOf: self)] }
        pass.keepsDetail = recipe.detail != .off
        guard recipe.detail == .tiles, let strength = detailStrength(enlargedBy: pass.scale) else {
            return [pass]
        }
        return [pass] + tiles(in: pass.box, side: work.least, at: strength)
    }

    /// The whole canvas at a working size.
    private func scaled(at work: WorkArea, _ multiple: Int) -> Pass {
        let whole = Box(x: 0, y: 0, width: width, height: height)
        let size = work.size(of: whole, multiple: multiple)
        return Pass(
            box: whole, width: size.width, height: size.height, mask: mask, region: region)
    }

    // MARK: - Boxes around a mask

    private func boxPasses(at work: WorkArea, _ multiple: Int) throws -> [Pass] {
        guard let mask, let region else { return [Pass(wholeOf: self)] }
        let support = mask.support.united(with: region.support)
        if recipe.perComponent {
            let parts = support.components
            try Self.check(parts)
            return parts.enumerated().flatMap { index, part in
                passes(
                    around: part.bounds, at: work, multiple,
                    prompt: recipe.prompt(ofComponent: index)
                ) { $0.limited(to: part.placed(in: $1)) }
            }
        }
        var groups = MaskGroups(support, block: max(work.least / 8, 1), most: Self.mostParts)
        groups.unite { context(around: $0, at: work).scale }
        return groups.all.enumerated().flatMap { index, bounds in
            passes(around: bounds, at: work, multiple, prompt: nil) {
                groups.limit($0, of: $1, to: index)
            }
        }
    }

    /// The passes for a part of the mask: one for all of it, and where that makes it larger by more
    /// than half, tiles at full size.
    ///
    /// - Parameter limit: of a mask of a box, what belongs to the part.
    private func passes(
        around bounds: Box, at work: WorkArea, _ multiple: Int, prompt: String?,
        limit: (Mask, Box) -> Mask
    ) -> [Pass] {
        guard let mask, let region else { return [] }
        let (box, scale) = context(around: bounds, at: work)
        func length(_ length: Int) -> Int {
            scale == 1
                ? length
                : max(Int((Double(length) / scale / Double(multiple)).rounded()), 1) * multiple
        }
        // The model does not see what is repainted elsewhere in the box, either.
        var pass = Pass(
            box: box, width: length(box.width), height: length(box.height),
            mask: limit(mask.cropped(to: box), box), region: region.cropped(to: box))
        pass.prompt = prompt
        pass.hole = fill.map {
            Pass.Hole(
                mask: $0.hole.cropped(to: box), filling: $0.filling,
                avoided: $0.avoided?.cropped(to: box))
        }
        let isRefined = scale > Self.leastEnlargement || recipe.detail == .tiles && scale > 1
        guard isRefined, recipe.detail != .off, let strength = detailStrength(enlargedBy: scale)
        else { return [pass] }
        let padding = padding(at: work)
        let area = bounds.around(
            width: max(bounds.width + 2 * padding, work.least),
            height: max(bounds.height + 2 * padding, work.least), inWidth: width, height: height)
        let tiles = tiles(in: area, side: work.least, at: strength) {
            limit(mask.cropped(to: $0), $0)
        }
        return [pass]
            + tiles.map { tile in
                var tile = tile
                tile.prompt = prompt
                return tile
            }
    }

    /// The box around a part of the mask that is worked on, and how many of its pixels become one: it has
    /// `mask_padding` pixels around the part at the size of the work, and at least that size.
    private func context(around bounds: Box, at work: WorkArea) -> (box: Box, scale: Double) {
        let padding = padding(at: work)
        let scale = max(
            1, Double(bounds.width) / Double(work.size.width - 2 * padding),
            Double(bounds.height) / Double(work.size.height - 2 * padding))
        func length(_ side: Int) -> Int { Int((Double(side) * scale).rounded(.up)) }
        let box = bounds.around(
            width: length(work.size.width), height: length(work.size.height), inWidth: width,
            height: height)
        // A box that the picture clips needs to be made less small.
        let area = Double(box.width * box.height) / Double(work.size.width * work.size.height)
        return (box, max(1, min(scale, area.squareRoot())))
    }

    private func padding(at work: WorkArea) -> Int { min(recipe.maskPadding, work.least * 3 / 8) }

    // MARK: - A canvas

    private func canvasPasses(at work: WorkArea, _ multiple: Int) -> [Pass] {
        var pass = scaled(at: work, multiple)
        guard pass.isScaled, let mask else { return [Pass(wholeOf: self)] }
        pass.hole = fill.map {
            Pass.Hole(mask: $0.hole, filling: $0.filling, avoided: $0.avoided)
        }
        guard recipe.detail != .off, let strength = detailStrength(enlargedBy: pass.scale) else {
            return [pass]
        }
        // What is along the picture is painted at full size, and joined to it there; on the way there at sizes
        // between, so that sharpness falls off with the distance.
        let beyond = mask.blackened(in: pictureBox)
        pass.mask = beyond
        let isAll = recipe.detail == .tiles
        let middle = Int(pass.scale.squareRoot().rounded())
        let scales = pass.scale > Self.mostSharpened && !isAll ? [middle, 1] : [1]
        return [pass]
            + scales.flatMap { scale -> [Pass] in
                let border = CanvasBorder(
                    canvas: pass.box, picture: pictureBox, side: work.least * scale, isAll: isAll)
                var tiles = tiles(
                    in: border.outer, side: work.least, scale: scale, multiple, at: strength
                ) {
                    (scale == 1 ? mask : beyond).cropped(to: $0).darkened(by: border.reach(in: $0))
                }
                if !tiles.isEmpty { tiles[0].seesTiles = true }
                return tiles
            }
    }

    // MARK: - Detail

    /// By how much a canvas is made larger before it is repainted at a size between that and its own.
    private static let mostSharpened = 4.0
    /// By how much something is made larger before it is repainted in tiles.
    private static let leastEnlargement = 1.5
    /// Pixels over which tiles fade into each other.
    private static let tileOverlap = 64

    /// Share of the schedule that tiles run; nil runs none. The more something was made larger, the
    /// more of its detail is missing; where the picture's own was put back, little is.
    private func detailStrength(enlargedBy scale: Double) -> Double? {
        guard scale > 1 else { return nil }
        let usual = mask == nil ? Recipe(.upscale).strength : min(0.2 + 0.1 * log2(scale), 0.4)
        let strength = min(recipe.detailStrength ?? usual, strength ?? 1)
        return strength > 0 ? strength : nil
    }

    /// Tiles over a part of the canvas, each with its share of the weights.
    ///
    /// - Parameters:
    ///   - side: of a tile as it is worked on.
    ///   - scale: how many pixels of the canvas become one of a tile.
    ///   - share: how much of each pixel of a box is replaced; where that is nothing at all, there
    ///     is no tile.
    private func tiles(
        in area: Box, side: Int, scale: Int = 1, _ multiple: Int = 1, at strength: Double,
        share: (Box) -> Mask? = { _ in nil }
    ) -> [Pass] {
        func length(_ length: Int) -> Int {
            scale == 1 ? length : max(length / scale / multiple, 1) * multiple
        }
        let grid = TileGrid(area, side: side * scale, overlap: Self.tileOverlap * scale)
        return grid.boxes.enumerated().compactMap { index, box in
            let mask = share(box)
            guard mask?.isEmpty != true else { return nil }
            var pass = Pass(
                box: box, width: length(box.width), height: length(box.height), mask: mask,
                region: mask?.support)
            (pass.fade, pass.seesEarlier) = (grid.share(of: index), false)
            pass.detailStrength = strength
            return pass
        }
    }
}

extension Pass {
    /// How many pixels of its box become one of the work.
    var scale: Double { Double(box.width) / Double(width) }
}

extension WorkArea {
    /// The size at which a box is worked on, in its own shape, enlarged four times at most.
    func size(of box: Box, multiple: Int) -> (width: Int, height: Int) {
        if isOfAnyShape { return box.workSize(side: size.width, multiple: multiple) }
        let scale = min(
            Double(size.width) / Double(box.width), Double(size.height) / Double(box.height), 4)
        func length(_ length: Int) -> Int {
            max(Int(Double(length) * scale / Double(multiple) + 1e-9), 1) * multiple
        }
        return (length(box.width), length(box.height))
    }
}

extension Box {
    /// A box of that size around this one's middle, moved inside a picture and clipped where it is larger.
    fileprivate func around(width: Int, height: Int, inWidth: Int, height inHeight: Int) -> Box {
        let (width, height) = (min(width, inWidth), min(height, inHeight))
        let left = x + (self.width - width) / 2
        let top = y + (self.height - height) / 2
        return Box(
            x: min(max(left, 0), inWidth - width), y: min(max(top, 0), inHeight - height),
            width: width, height: height)
    }
}
