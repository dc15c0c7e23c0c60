/// How much colours change on the way from some pixels of a picture to each of the others, at least: the minimum
/// barrier distance (Strand, Ciesielski, Malmberg & Saha 2013), the largest range of a channel on the best
/// way. Texture adds nothing to it, however long the way is.
///
/// It is found by passes over the rows, forwards and back in turns (Zhang, Sclaroff, Lin, Shen, Price & Mech
/// 2015), which is not exact and takes a fixed time for each pixel.
///
/// - Parameters:
///   - colors: L*a*b*, by rows.
///   - isStart: whether ways begin at a pixel.
/// - Returns: in units of L*a*b*; infinity where there is no start at all.
package func barrierDistances(
    _ colors: [SIMD3<Float>], width: Int, from isStart: (Int) -> Bool
) -> [Float] {
    var distances = colors.indices.map { isStart($0) ? Float(0) : .infinity }
    var (lowest, highest) = (colors, colors)
    for pass in 0..<6 {
        let isForward = pass.isMultiple(of: 2)
        let step = isForward ? -1 : 1
        for index in colors.indices {
            let pixel = isForward ? index : colors.count - 1 - index
            guard distances[pixel] > 0 else { continue }
            let column = pixel % width + step
            for near in [
                column >= 0 && column < width ? pixel + step : -1, pixel + step * width,
            ] where colors.indices.contains(near) && distances[near] < .infinity {
                let low = pointwiseMin(lowest[near], colors[pixel])
                let high = pointwiseMax(highest[near], colors[pixel])
                let distance = (high - low).max()
                if distance < distances[pixel] {
                    (distances[pixel], lowest[pixel], highest[pixel]) = (distance, low, high)
                }
            }
        }
    }
    return distances
}
