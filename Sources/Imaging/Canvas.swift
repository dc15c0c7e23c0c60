/// A picture made larger, with the new area filled so that it can be painted over.
public struct Canvas: Sendable, Equatable {
    /// The larger picture: the original's samples untouched, the new area filled from its edges
    /// and opaque. Channels and depth are the original's, and so is metadata that does not speak of its frame.
    public let image: Image
    /// 255 in the new area, falling to 0 across `overlap` pixels inside the original.
    public let mask: Mask
    /// What was added.
    public let insets: Insets

    /// - Parameter overlap: How many pixels of the original, along the sides that grow, may be
    ///   repainted to hide the seam.
    /// - Throws: ``ImagingError/tooLarge(name:width:height:)``.
    public init(extending original: Image, by insets: Insets, overlap: Int) throws {
        precondition(overlap >= 0)
        let width = insets.left + original.width + insets.right
        let height = insets.top + original.height + insets.bottom
        try ImageLimits.check(width: width, height: height, name: "the extended picture")
        self.insets = insets
        let box = Box(x: insets.left, y: insets.top, width: original.width, height: original.height)
        var canvas = original.withoutHiddenColors.extendedByEdges(insets)
            .replacing(box, by: original)
        canvas.metadata.jpegSource = original.metadata.jpegSource?.extended(by: insets)
        if width != original.width || height != original.height {
            canvas.metadata.reframe(width: width, height: height, isScaled: false)
        }
        image = canvas
        mask = Canvas.mask(
            width: width, height: height, insets: insets, overlap: Double(overlap))
    }

    /// 255 in the new area, 0 in the original.
    public var newArea: Mask {
        let rows = insets.top..<image.height - insets.bottom
        let columns = insets.left..<image.width - insets.right
        var area = Mask(width: image.width, height: image.height, filledWith: 255)
        for row in rows {
            for column in columns { area.values[row * image.width + column] = 0 }
        }
        return area
    }

    private static func mask(
        width: Int, height: Int, insets: Insets, overlap: Double
    ) -> Mask {
        // How repainted a column or row is, seen alone; sides that do not grow have no say.
        func profile(_ before: Int, _ size: Int, _ after: Int) -> [Double] {
            (0..<size).map { position in
                let first = before > 0 ? Double(position - before + 1) : .infinity
                let last = after > 0 ? Double(size - after - position) : .infinity
                let depth = min(first, last)
                if depth <= 0 { return 1 }
                let part = max(0, 1 - depth / (overlap + 1))
                return part * part * (3 - 2 * part)
            }
        }
        let columns = profile(insets.left, width, insets.right)
        let rows = profile(insets.top, height, insets.bottom)
        let values = rows.flatMap { (row: Double) -> [UInt8] in
            columns.map { (column: Double) -> UInt8 in
                UInt8((255 * (1 - (1 - row) * (1 - column))).rounded())
            }
        }
        return Mask(width: width, height: height, values: values)
    }
}
