extension Mask {
    /// The mask on a larger canvas, which is black around it.
    public func extended(by insets: Insets) -> Mask {
        var canvas = Mask(
            width: insets.left + width + insets.right, height: insets.top + height + insets.bottom,
            filledWith: 0)
        for row in 0..<height {
            let start = (row + insets.top) * canvas.width + insets.left
            canvas.values.replaceSubrange(
                start..<start + width, with: values[row * width..<(row + 1) * width])
        }
        return canvas
    }
}
