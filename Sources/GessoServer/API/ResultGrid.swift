import Foundation
import Gesso

extension GessoServer {
    /// A picture of all results, where one is asked for and there are several; nil otherwise, with a warning
    /// where it would be too large.
    func grid(
        of made: [Data], _ results: [ResultRow], _ request: PictureRequest,
        _ warnings: inout [String]
    ) async throws -> Data? {
        guard request.sendsGrid, made.count > 1 else { return nil }
        var (width, height) = (0, 0)
        for result in results {
            guard let picture = try await store.picture(result.picture) else { return nil }
            (width, height) = (max(width, picture.width), max(height, picture.height))
        }
        let places = ResultGrid(made.count)
        guard places.pixels(width, height) != nil else {
            warnings.append(
                "return_grid: a grid of more than \(PictureGrid.mostPixels / 1_000_000) megapixels "
                    + "is left out")
            return nil
        }
        let order = request.order
        return try await offPool {
            let pictures = try made.map { try decoded($0, field: "result").rgb8 }
            var grid = places.drawn(pictures)
            grid.metadata.parameters = results.first?.infotext
            return try grid.encoded(
                as: ImageFormat(written: order.format) ?? .png, quality: order.quality)
        }
    }
}

/// The rows and columns of pictures that belong together, about as many of both, on black.
package struct ResultGrid: Sendable {
    package let rows: Int
    package let columns: Int

    package init(_ count: Int) {
        rows = Int(Double(count).squareRoot().rounded(.toNearestOrEven))
        columns = (count + rows - 1) / rows
    }

    /// How many pixels it has with pictures of a size; nil beyond the limit of tables.
    package func pixels(_ width: Int, _ height: Int) -> Int? {
        let pixels = rows * height * columns * width
        return pixels <= PictureGrid.mostPixels ? pixels : nil
    }

    /// - Parameter pictures: 8-bit RGB, of one size but for those that were ended early.
    func drawn(_ pictures: [Image]) -> Image {
        let width = pictures.map(\.width).max() ?? 1
        let height = pictures.map(\.height).max() ?? 1
        let line = 3 * columns * width
        var samples = [UInt16](repeating: 0, count: line * rows * height)
        for (index, picture) in pictures.enumerated() {
            let corner = index / columns * height * line + index % columns * width * 3
            let row = 3 * picture.width
            for y in 0..<picture.height {
                let start = corner + y * line
                samples.replaceSubrange(
                    start..<start + row, with: picture.samples[y * row..<(y + 1) * row])
            }
        }
        return Image(
            width: columns * width, height: rows * height, channels: 3, samples: samples)
    }
}
