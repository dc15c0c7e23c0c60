import Editing
import Imaging
import Recipes
import Testing

/// What becomes of pictures without colours.
@Suite struct GreyPictureTests {
    private func grey(channels: Int, depth: Int = 8) -> Image {
        Image(
            width: 16, height: 8, channels: channels, depth: depth,
            samples: (0..<16 * 8 * channels).map { UInt16($0 % 251) })
    }

    @Test("painted as a whole it gets colours, its alpha and depth", arguments: [(1, 8), (2, 16)])
    func wholePictures(_ channels: Int, _ depth: Int) throws {
        let image = grey(channels: channels, depth: depth)
        var recipe = Recipe(.imageToImage)
        let edit = try Edit.imageToImage(image, recipe)
        let picture = try #require(edit.original)
        #expect(picture.channels == channels + 2 && picture.depth == depth)
        for pixel in 0..<16 * 8 {
            let own = image.samples[pixel * channels..<(pixel + 1) * channels]
            let new = picture.samples[pixel * (channels + 2)..<(pixel + 1) * (channels + 2)]
            #expect(new.prefix(3).allSatisfy { $0 == own.first })
            #expect(channels == 1 || new.last == own.last)
        }
        #expect(edit.notes.contains { $0.contains("the result has colours") })
        #expect(Edit.instruct(image, Recipe(.instruct)).original?.channels == channels + 2)
        recipe.strength = 0
        #expect(try Edit.imageToImage(image, recipe).original?.channels == channels)
    }

    @Test("where a part is painted it stays grey, and that is said")
    func parts() throws {
        let image = grey(channels: 1)
        var recipe = Recipe(.inpaint)
        let mask = Mask(width: 16, height: 8, filledWith: 255)
        let edit = try Edit.inpaint(image, mask, recipe)
        #expect(edit.original?.channels == 1)
        #expect(edit.notes.contains { $0.contains("so is what is painted") })
        recipe.steps = 0
        #expect(!(try Edit.inpaint(image, mask, recipe).notes.contains { $0.contains("grey") }))
    }

    @Test("colours stay as they are")
    func colours() throws {
        let image = grey(channels: 3)
        let edit = try Edit.imageToImage(image, Recipe(.imageToImage))
        #expect(edit.original?.samples == image.samples && edit.notes.isEmpty)
    }
}
