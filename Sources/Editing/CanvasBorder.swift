import Imaging

/// What of a new canvas is along the picture in its middle: painted at full size, so that grain and
/// sharpness go on; beyond it they fade.
struct CanvasBorder {
    /// The picture with what is along it.
    let outer: Box
    private let picture: Box
    /// Pixels beyond the picture at which the border ends, for each side that goes on.
    private let depth: Int
    private let fades: (left: Bool, right: Bool, top: Bool, bottom: Bool)

    /// - Parameters:
    ///   - side: of the tiles; half of it is beyond the picture, or the whole of what is new where that
    ///     is hardly more.
    ///   - isAll: whether the border reaches to the canvas's edges.
    init(canvas: Box, picture: Box, side: Int, isAll: Bool) {
        let depth = max(side / 2, 1)
        func reach(_ new: Int) -> (depth: Int, fades: Bool) {
            isAll || new <= side * 3 / 4 ? (new, false) : (depth, true)
        }
        let left = reach(picture.x)
        let right = reach(canvas.width - picture.x - picture.width)
        let top = reach(picture.y)
        let bottom = reach(canvas.height - picture.y - picture.height)
        outer = Box(
            x: picture.x - left.depth, y: picture.y - top.depth,
            width: left.depth + picture.width + right.depth,
            height: top.depth + picture.height + bottom.depth)
        (self.picture, self.depth) = (picture, depth)
        fades = (left.fades, right.fades, top.fades, bottom.fades)
    }

    /// How much of each pixel of a box belongs to the border: 255 along the picture, falling to 0 over the
    /// farther three quarters where the canvas goes on.
    func reach(in box: Box) -> Mask {
        func profile(
            _ start: Int, _ count: Int, _ first: Int, _ length: Int, _ fades: (Bool, Bool)
        ) -> [Int] {
            (start..<start + count).map { place in
                let before = fades.0 ? first - place : 0
                let behind = fades.1 ? place - (first + length - 1) : 0
                return max(before, behind, 0)
            }
        }
        let across = profile(box.x, box.width, picture.x, picture.width, (fades.left, fades.right))
        let down = profile(box.y, box.height, picture.y, picture.height, (fades.top, fades.bottom))
        let values = down.flatMap { y in
            across.map { x in
                let far = (max(x, y) * 4 - depth) / 3
                return UInt8(min(max(255 - 255 * far / (depth + 1), 0), 255))
            }
        }
        return Mask(width: box.width, height: box.height, values: values)
    }
}

extension Mask {
    /// The mask with black in a box.
    func blackened(in box: Box) -> Mask {
        var values = values
        for y in box.y..<box.y + box.height {
            for x in box.x..<box.x + box.width { values[y * width + x] = 0 }
        }
        return Mask(width: width, height: height, values: values)
    }
}
