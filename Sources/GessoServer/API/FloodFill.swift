import Gesso

extension Image {
    /// What a place reaches through pixels of about its colour: 255 for each pixel that it does, else 0, rows
    /// from the top.
    ///
    /// - Parameters:
    ///   - x: the place's column, within the picture.
    ///   - y: its row.
    ///   - tolerance: the most that a channel may differ from that of the place, 0...255.
    func flooded(from x: Int, _ y: Int, tolerance: Int) -> [UInt8] {
        let picture = rgb8
        let (width, height) = (picture.width, picture.height)
        var found = [UInt8](repeating: 0, count: width * height)
        picture.samples.withUnsafeBufferPointer { samples in
            let start = 3 * (y * width + x)
            let color = (Int(samples[start]), Int(samples[start + 1]), Int(samples[start + 2]))
            func isAlike(_ pixel: Int) -> Bool {
                abs(Int(samples[3 * pixel]) - color.0) <= tolerance
                    && abs(Int(samples[3 * pixel + 1]) - color.1) <= tolerance
                    && abs(Int(samples[3 * pixel + 2]) - color.2) <= tolerance
            }
            // One pixel of each run of a row that is still to be filled.
            var open = [(x, y)]
            while let (x, y) = open.popLast() {
                let row = y * width
                guard found[row + x] == 0 else { continue }
                var (left, right) = (x, x)
                while left > 0, isAlike(row + left - 1) { left -= 1 }
                while right + 1 < width, isAlike(row + right + 1) { right += 1 }
                for pixel in row + left...row + right { found[pixel] = 255 }
                for next in [y - 1, y + 1] where next >= 0 && next < height {
                    var isInRun = false
                    for column in left...right {
                        let pixel = next * width + column
                        let isNew = found[pixel] == 0 && isAlike(pixel)
                        if isNew, !isInRun { open.append((column, next)) }
                        isInRun = isNew
                    }
                }
            }
        }
        return found
    }
}
