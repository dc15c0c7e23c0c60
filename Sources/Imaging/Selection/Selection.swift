/// A thing in a picture, marked by a box around it, strokes on it and strokes beside it.
///
/// ``Image/mask(of:)`` finds its border without a model.
public struct Selection: Sendable, Equatable {
    /// A point of the picture, in pixels from its top left corner.
    public struct Point: Sendable, Equatable {
        /// Columns from the left.
        public var x: Double
        /// Rows from the top.
        public var y: Double

        /// A point.
        public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
    }

    /// What holds all of it; nil is the whole picture.
    public var box: Box?
    /// Strokes on it, each a line through its points.
    public var keep: [[Point]]
    /// Strokes beside it.
    public var drop: [[Point]]
    /// How many pixels the mask reaches over the border, so that nothing of the thing's rim and its blur is
    /// left beside what is repainted; nil is ``standardMargin`` of the side of a square of its area.
    public var margin: Int?

    /// The margin of masks that people paint for removal, about 6 pixels of a thing of 200 pixels a side.
    public static let standardMargin = 0.03

    /// A selection by a box, strokes, or both.
    public init(
        box: Box? = nil, keep: [[Point]] = [], drop: [[Point]] = [], margin: Int? = nil
    ) {
        (self.box, self.keep, self.drop, self.margin) = (box, keep, drop, margin)
    }

    /// Whether it marks nothing: neither a box nor a stroke to keep.
    public var isEmpty: Bool { box == nil && keep.isEmpty }
}

extension Selection {
    /// Why what was found in the box is hardly what was meant, in one sentence; nil where it may well be,
    /// and without a box.
    ///
    /// - Parameter mask: what ``Image/mask(of:)`` found, of the picture's size.
    public func doubt(_ mask: Mask) -> String? {
        guard let box else { return nil }
        var (found, all) = (0, 0)
        for y in max(box.y, 0)..<max(min(box.end.y, mask.height), max(box.y, 0)) {
            for x in max(box.x, 0)..<max(min(box.end.x, mask.width), max(box.x, 0)) {
                all += 1
                if mask.values[y * mask.width + x] > 0 { found += 1 }
            }
        }
        guard all > 0 else { return nil }
        let percent = 100 * Double(found) / Double(all)
        guard percent < 3 || percent > 97 else { return nil }
        let share = percent < 0.1 ? "less than 0.1" : "\((percent * 10).rounded() / 10)"
        return percent < 3
            ? "the selection covers \(share) % of the box: mark more of the object with keep strokes"
            : "the selection covers \(share) % of the box: mark what is beside the object with drop "
                + "strokes, or draw the box a little larger"
    }
}

extension Image {
    /// The mask of a selection: white on what is selected and on its margin, where no stroke says otherwise.
    /// It is empty where the box, or without one every stroke to keep, has nothing of the picture.
    ///
    /// GrabCut (Rother, Kolmogorov & Blake 2004): two mixtures of colours, of what is selected and of
    /// what is not, and the cheapest border between both are found in turns in a small copy of the
    /// picture. The border is refined at twice the size and so on, in a narrow band around it, up to
    /// the picture's own. The background's colours come from a ring around the box that has about the
    /// area of the box, for what is far away says little about what is behind the thing; and what no change of
    /// colour parts from that ring is rather background (minimum barrier distance). Strokes mend
    /// what the box alone finds. What is wholly transparent counts as black or white.
    public func mask(of selection: Selection) -> Mask {
        var mask = Mask(width: width, height: height, filledWith: 0)
        guard !selection.isEmpty, let places = SelectionPlaces(selection, in: self) else {
            return mask
        }
        var sizes = [onContrastingGround.cropped(to: places.region).rgb8]
        while let last = sizes.last, last.width * last.height > SelectionLevel.coarsest,
            min(last.width, last.height) > 8
        {
            sizes.append(
                last.resized(
                    width: (last.width + 1) / 2, height: (last.height + 1) / 2, filter: .box))
        }
        var level: SelectionLevel?
        while let picture = sizes.popLast() {
            level = SelectionLevel(picture, places, after: level)
        }
        guard let level else { return mask }
        var count = 0
        mask.values.withUnsafeMutableBufferPointer { values in
            for y in 0..<level.height {
                let row = (places.region.y + y) * width + places.region.x
                for x in 0..<level.width where level.isInside[y * level.width + x] {
                    values[row + x] = 255
                    count += 1
                }
            }
        }
        let standard = (Selection.standardMargin * Double(count).squareRoot()).rounded()
        let margin = selection.margin ?? Int(standard)
        guard margin > 0 else { return mask }
        mask = mask.grown(by: margin)
        let known = places.known(level.width, level.height)
        for pixel in known.indices where known[pixel] == .drop {
            let (x, y) = (pixel % level.width, pixel / level.width)
            mask.values[(places.region.y + y) * width + places.region.x + x] = 0
        }
        return mask
    }
}
