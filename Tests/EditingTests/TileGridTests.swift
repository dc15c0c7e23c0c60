import Editing
import Imaging
import Testing

/// Tiles and groups of masks.
@Suite struct TileGridTests {
    @Test(arguments: [(101, 77, 64, 16), (300, 200, 64, 32), (64, 64, 64, 16), (500, 70, 96, 48)])
    func sharesAreThoseOfAWeightedMean(_ width: Int, _ height: Int, _ side: Int, _ overlap: Int) {
        let area = Box(x: 7, y: 5, width: width, height: height)
        let grid = TileGrid(area, side: side, overlap: overlap)
        #expect(grid.boxes.count == grid.count)
        // A value for each tile; laid over one another, they must come to their mean.
        var laid = [Double](repeating: -1, count: width * height)
        for (index, box) in grid.boxes.enumerated() {
            #expect(box.x >= area.x && box.x + box.width <= area.x + width)
            let share = grid.share(of: index)
            for y in 0..<box.height {
                for x in 0..<box.width {
                    let place = (box.y - area.y + y) * width + box.x - area.x + x
                    let part = Double(share.values[y * box.width + x]) / 255
                    #expect(laid[place] >= 0 || part == 1)
                    laid[place] = max(laid[place], 0) * (1 - part) + Double(index) * part
                }
            }
        }
        #expect(laid.allSatisfy { (0...Double(grid.count - 1)).contains($0) })
        // In the middle of the first overlap both have the same share.
        if grid.count > 1, grid.boxes[0].x < grid.boxes[1].x {
            let first = grid.boxes[0].x + side - 1 - area.x
            let second = grid.boxes[1].x - area.x
            #expect(abs(laid[(first + second) / 2] - 0.5) < 0.05)
        }
    }

    @Test func partsThatFitTogetherAreOneGroup() {
        var mask = Mask(width: 400, height: 300, filledWith: 0)
        for (x, y) in [(5, 5), (40, 5), (390, 290)] { mask.values[y * 400 + x] = 255 }
        var groups = MaskGroups(mask, block: 8, most: 64)
        #expect(groups.all.count == 3)
        groups.unite { max(1, Double(max($0.width, $0.height)) / 64) }
        #expect(
            groups.all == [
                Box(x: 5, y: 5, width: 36, height: 1), Box(x: 390, y: 290, width: 1, height: 1),
            ])
        let whole = Box(x: 0, y: 0, width: 400, height: 300)
        #expect(groups.limit(mask, of: whole, to: 0).values.count { $0 > 0 } == 2)
        #expect(groups.limit(mask, of: whole, to: 1).bounds?.x == 390)
    }

    @Test func manyPartsAreOneGroup() {
        var mask = Mask(width: 400, height: 300, filledWith: 0)
        for y in stride(from: 0, to: 300, by: 20) {
            for x in stride(from: 0, to: 400, by: 20) { mask.values[y * 400 + x] = 255 }
        }
        let groups = MaskGroups(mask, block: 8, most: 64)
        #expect(groups.all == [Box(x: 0, y: 0, width: 381, height: 281)])
    }
}
