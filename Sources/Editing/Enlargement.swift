import Imaging
import Recipes
import Sampling
import Tensors

/// How the result of an edit's first run is made larger for its second.
struct Enlargement: Sendable {
    /// Size in pixels of the first run.
    let first: Size
    /// Size in pixels of its result made larger.
    let full: Size
    /// Size in pixels of what is kept of that, in its middle.
    let kept: Size
    /// How it is made larger.
    let upscaler: HiresUpscaler

    /// Nil where there is no second run.
    ///
    /// - Throws: `ImagingError.tooLarge`.
    init?(_ hires: Hires, over first: Size) throws {
        guard hires.isOn else { return nil }
        self.first = first
        (full, kept) = hires.sizes(over: first)
        upscaler = hires.upscaler
        try ImageLimits.check(width: full.width, height: full.height, name: "the larger picture")
    }

    /// Latents [1,H,W,C] of the first run, made larger.
    ///
    /// - Parameter factor: pixels per latent.
    func applied(to latents: Tensor, factor: Int, by scaling: LatentScaling) -> Tensor {
        let large = latents.scaled(
            height: Self.latents(full.height, factor), width: Self.latents(full.width, factor),
            by: scaling)
        let (rows, columns) = (
            Self.latents(kept.height, factor), Self.latents(kept.width, factor)
        )
        let (top, left) = ((large.shape[1] - rows) / 2, (large.shape[2] - columns) / 2)
        return large.sliced(axis: 1, top..<top + rows).sliced(axis: 2, left..<left + columns)
    }

    /// The picture of the first run, made larger by a filter.
    func applied(to image: Image) -> Image {
        let filter: ResamplingFilter = upscaler == .nearest ? .nearest : .lanczos
        let large = image.resized(width: full.width, height: full.height, filter: filter)
        var cut = large.cropped(to: part)
        if kept != first {
            cut.metadata.reframe(width: kept.width, height: kept.height, isScaled: kept == full)
        }
        return cut
    }

    /// What becomes of a mask of the first run's picture.
    func applied(to mask: Mask) -> Mask {
        mask.resized(width: full.width, height: full.height).cropped(to: part)
    }

    /// What is kept of the larger picture. What is cut off is whole latents, as if it were cut off of these.
    private var part: Box {
        Box(
            x: (full.width - kept.width) / 16 * 8, y: (full.height - kept.height) / 16 * 8,
            width: kept.width, height: kept.height)
    }

    private static func latents(_ pixels: Int, _ factor: Int) -> Int {
        (pixels + factor - 1) / factor
    }
}

extension Edit {
    /// The second run of a part of the canvas whose first has this edit's size: the picture made larger
    /// is painted over at the recipe's second strength.
    ///
    /// - Parameter start: the picture to begin with, if it is one of pixels.
    func secondRun(_ recipe: Recipe, _ enlargement: Enlargement, from start: Image?) -> Edit {
        var second = Edit(
            verb: verb, recipe: recipe, original: start, start: start, mask: nil, region: nil,
            width: enlargement.kept.width, height: enlargement.kept.height,
            strength: recipe.strength, notes: [])
        second.controls = controls(inSecondRun: true)
        return second
    }
}
