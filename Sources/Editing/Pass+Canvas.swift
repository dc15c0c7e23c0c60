import Imaging

extension Edit {
    /// A canvas in steps of half the model's side: first all that fits beside the picture, then left
    /// and right, then above and below; each step sees what is there already and nothing else.
    ///
    /// One pass does where the model's side is not exceeded by more than half.
    func canvasPasses(around picture: Box, _ filling: Filling, side: Int) -> [Pass] {
        guard let mask, max(width, height) > side + side / 2 else { return [Pass(wholeOf: self)] }
        var growth = CanvasGrowth(
            canvas: Box(x: 0, y: 0, width: width, height: height), known: picture, side: side)
        return growth.steps().map { step in
            let share = mask.cropped(to: step.box).darkened(by: step.reach)
            var pass = Pass(
                box: step.box, width: step.box.width, height: step.box.height, mask: share,
                region: share.support)
            pass.hole = Pass.Hole(mask: step.hole, filling: filling)
            return pass
        }
    }
}

extension Canvas {
    /// Where the picture is.
    var pictureBox: Box {
        Box(
            x: insets.left, y: insets.top, width: image.width - insets.left - insets.right,
            height: image.height - insets.top - insets.bottom)
    }
}

/// The order in which a canvas is painted.
private struct CanvasGrowth {
    let canvas: Box
    /// What is there already.
    var known: Box
    /// Pixels a side of a step with what it sees.
    let side: Int

    /// One step.
    struct Step {
        /// What it sees, the new part with it.
        let box: Box
        /// 255 in the new part, falling to 0 over the joint with what is known; of the box.
        let reach: Mask
        /// 255 where nothing is yet; of the box.
        let hole: Mask
    }

    /// All steps; afterwards all is known.
    mutating func steps() -> [Step] {
        var steps: [Step] = []
        let core = coreBox
        if core != known {
            steps.append(step(core, window: core))
            known = core
        }
        while known.x > 0 || known.width < canvas.width {
            let toLeft = known.x > 0
            let length = min(side / 2, toLeft ? known.x : canvas.width - known.width)
            let x = toLeft ? known.x - length : known.x + known.width
            steps += band(Box(x: x, y: known.y, width: length, height: known.height), across: true)
            known = Box(
                x: toLeft ? x : known.x, y: known.y, width: known.width + length,
                height: known.height)
        }
        while known.y > 0 || known.height < canvas.height {
            let upwards = known.y > 0
            let length = min(side / 2, upwards ? known.y : canvas.height - known.height)
            let y = upwards ? known.y - length : known.y + known.height
            steps += band(Box(x: known.x, y: y, width: known.width, height: length), across: false)
            known = Box(
                x: known.x, y: upwards ? y : known.y, width: known.width,
                height: known.height + length)
        }
        return steps
    }

    /// The picture with as much of the canvas as one step can do; the picture itself where it is
    /// larger.
    private var coreBox: Box {
        func grown(_ start: Int, _ length: Int, _ limit: Int) -> (Int, Int) {
            let wanted = min(max(length, side), limit)
            // In proportion to what is missing on each side, so that the rest stays even.
            let missing = limit - length
            let before = missing == 0 ? 0 : start * (wanted - length) / missing
            return (start - before, wanted)
        }
        let (x, width) = grown(known.x, known.width, canvas.width)
        let (y, height) = grown(known.y, known.height, canvas.height)
        return Box(x: x, y: y, width: width, height: height)
    }

    /// A band along the known part, in pieces that see a quarter of a side of the last.
    private func band(_ band: Box, across: Bool) -> [Step] {
        let (start, length) = across ? (band.y, band.height) : (band.x, band.width)
        var steps: [Step] = []
        var (place, end) = (start, start)
        while end < start + length {
            let most = place == start ? side : side * 3 / 4
            // What is left is no sliver.
            let rest = start + length - place
            let piece = rest <= most ? rest : rest < most + side / 4 ? (rest + 1) / 2 : most
            end = place + piece
            let first = max(start, end - max(side, piece))
            let thickness = across ? band.width : band.height
            let depth = max(side - thickness, 0)
            let (new, window) =
                across
                ? (
                    Box(x: band.x, y: place, width: band.width, height: piece),
                    widened(
                        Box(x: band.x, y: first, width: band.width, height: end - first), depth,
                        across: true)
                )
                : (
                    Box(x: place, y: band.y, width: piece, height: band.height),
                    widened(
                        Box(x: first, y: band.y, width: end - first, height: band.height), depth,
                        across: false)
                )
            steps.append(step(new, window: window))
            place = end
        }
        return steps
    }

    /// The box with so much more of what is known, which is on one side of it.
    private func widened(_ box: Box, _ depth: Int, across: Bool) -> Box {
        var box = box
        if across {
            let more = min(depth, known.width)
            if box.x >= known.x { box.x -= more }
            box.width += more
        } else {
            let more = min(depth, known.height)
            if box.y >= known.y { box.y -= more }
            box.height += more
        }
        return box
    }

    private func step(_ new: Box, window: Box) -> Step {
        var reach = Mask(width: window.width, height: window.height, filledWith: 0)
        var hole = reach
        let joint = min(side / 8, 64)
        for y in 0..<window.height {
            let down = Self.distance(window.y + y, new.y, new.height)
            for x in 0..<window.width {
                let distance = max(down, Self.distance(window.x + x, new.x, new.width))
                let place = y * window.width + x
                reach.values[place] = UInt8(max(255 - 255 * distance / (joint + 1), 0))
                hole.values[place] =
                    distance == 0 && !isKnown(window.x + x, window.y + y) ? 255 : 0
            }
        }
        return Step(box: window, reach: reach, hole: hole)
    }

    private func isKnown(_ x: Int, _ y: Int) -> Bool {
        x >= known.x && x < known.x + known.width && y >= known.y && y < known.y + known.height
    }

    /// How far a place is from a stretch, 0 within.
    private static func distance(_ place: Int, _ start: Int, _ length: Int) -> Int {
        max(start - place, place - (start + length - 1), 0)
    }
}
