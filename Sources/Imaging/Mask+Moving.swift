extension Mask {
    /// The mask on a larger canvas, which is black around it.
    public func extended(by insets: Insets) -> Mask {
        let (newWidth, newHeight) = (
            insets.left + width + insets.right, insets.top + height + insets.bottom
        )
        var canvas = [UInt8](repeating: 0, count: newWidth * newHeight)
        for row in 0..<height {
            let start = (row + insets.top) * newWidth + insets.left
            for column in 0..<width { canvas[start + column] = values[row * width + column] }
        }
        return Mask(width: newWidth, height: newHeight, values: canvas)
    }
}
