import Imaging
import Models
import Recipes
import Sampling
import Tensors

/// Between pictures and latents: [1,H,W,3] pixels in -1...1 on one side, the VAE's latents
/// [1,H/8,W/8,4], scaled to unit variance, on the other.
struct Latents {
    private let vae: any Autoencoder
    /// Whether the VAE works in tiles.
    let isTiled: Bool
    private let seed: UInt64
    private let generator: RandomGenerator
    private var random: SeededNoise
    /// Whether the latents of a picture are drawn from the autoencoder's distribution.
    let drawsPictures: Bool
    /// Pixels per latent, each way; pictures are padded to multiples of it.
    let factor: Int
    /// [1,H/8,W/8,4].
    private let shape: [Int]

    /// For a picture of that size, all noise growing from `seed` as the recipe has it.
    init(
        _ vae: any Autoencoder, width: Int, height: Int, seed: UInt64, _ recipe: Recipe
    ) {
        isTiled = recipe.vaeTiling.tiles(width: width, height: height)
        self.vae = vae
        factor = vae.factor
        self.seed = seed
        generator = recipe.generator
        drawsPictures = recipe.compatibility.drawsLatents && vae.drawsLatents
        shape = [
            1, height.divided(roundingUp: factor), width.divided(roundingUp: factor),
            vae.latentChannels,
        ]
        random = SeededNoise(
            seed: seed, recipe.noiseSettings(factor: factor), shape: [shape[3], shape[1], shape[2]])
    }

    /// Size the model works at.
    var paddedWidth: Int { shape[2] * factor }
    /// Size the model works at.
    var paddedHeight: Int { shape[1] * factor }

    /// The noise that the run starts with.
    mutating func firstNoise() -> Tensor { inOurOrder(random.first()) }

    /// The next noise.
    mutating func noise() -> Tensor { inOurOrder(random.next()) }

    /// Numbers in torch's order [C,H,W] as [1,H,W,C].
    private func inOurOrder(_ numbers: Tensor) -> Tensor {
        numbers.reshaped([1, shape[3], shape[1], shape[2]]).transposed([0, 2, 3, 1])
    }

    /// The noise that a step asks for.
    ///
    /// - Parameter range: σ of the whole run, over which a Brownian path extends.
    mutating func noise(for request: NoiseRequest, over range: ClosedRange<Float>) -> Tensor {
        switch request {
        case .independent: return noise()
        case .brownian(let from, let to):
            let tree = BrownianTree(
                over: range, shape: [shape[3], shape[1], shape[2]], seed: seed,
                generator: generator)
            return inOurOrder(tree(from: from, to: to))
        }
    }

    private func requireEncoder() throws {
        guard vae.encodes else { throw EditingError.decoderOnly(path: "the autoencoder") }
    }

    /// The latents of a picture: a sample of the VAE's distribution or its mean, scaled.
    ///
    /// - Parameter hole: what of the picture is hidden, 0 or 255: grey, 0 of -1...1.
    mutating func encoded(_ image: Image, without hole: Mask? = nil) throws -> Tensor {
        try requireEncoder()
        var pixels = Self.pixels(of: image.inSRGB.padded(toMultipleOf: factor))
        if let hole = hole?.padded(toMultipleOf: factor) {
            let kept = Tensor(
                hole.values.map { $0 >= 128 ? 0 : 1 }, shape: [1, hole.height, hole.width, 1])
            pixels = pixels * Tensor.concatenated([kept, kept, kept], axis: 3)
        }
        let (vae, isTiled, shape) = (vae, isTiled, shape)
        let latents =
            vae.latents(of: pixels, tiled: isTiled) {
                drawsPictures ? noise() : Tensor(zeros: shape)
            } * vae.scalingFactor
        guard !latents.hasNonFiniteValues else {
            throw EditingError.notFinite(stage: "VAE's encoder")
        }
        return latents
    }

    /// The latents of a picture as a model that follows instructions is shown them: the mode of the
    /// VAE's distribution, not scaled.
    func shown(_ image: Image) throws -> Tensor {
        try requireEncoder()
        let pixels = Self.pixels(of: image.inSRGB.padded(toMultipleOf: factor))
        let latents = vae.latents(of: pixels, tiled: isTiled) { Tensor(zeros: shape) }
        guard !latents.hasNonFiniteValues else {
            throw EditingError.notFinite(stage: "VAE's encoder")
        }
        return latents
    }

    /// The picture of latents, 8-bit RGB, cropped to a size.
    func decoded(_ latents: Tensor, width: Int, height: Int) throws -> Image {
        let pixels = vae.decode(latents / vae.scalingFactor, tiled: isTiled)
        guard !pixels.hasNonFiniteValues else {
            throw EditingError.notFinite(stage: "VAE's decoder")
        }
        return Self.image(of: pixels).cropped(x: 0, y: 0, width: width, height: height)
    }

    /// A mask at the size of the latents, [1,H/8,W/8,1]: of 0 and 1 if it is hard; greys are kept by
    /// the other modes, and by ComfyUI at the edges.
    func mask(_ mask: Mask, _ recipe: Recipe) -> Tensor {
        let padded = mask.padded(toMultipleOf: factor)
        let (columns, rows) = (shape[2], shape[1])
        let shape: [Int] = shape.dropLast() + [1]
        func greys(_ small: Mask) -> Tensor {
            Tensor(small.values.map { Float($0) / 255 }, shape: shape)
        }
        if recipe.compatibility.bilinearModes.contains(recipe.maskMode) {
            return Tensor(padded.latentBilinear(factor: factor), shape: shape)
        }
        switch recipe.maskMode {
        case .soft:
            return greys(padded.resized(width: columns, height: rows, filter: .bicubic))
        case .differential:
            return greys(padded.resized(width: columns, height: rows, filter: .box))
        case .hard:
            return greys(
                (recipe.maskLatent == .max
                    ? padded.latentMax(factor: factor) : padded.latentNearest(factor: factor))
                    .thresholded)
        }
    }

    /// A mask of the latents at the size of the picture.
    func enlarged(_ mask: Mask, _ width: Int, _ height: Int) -> Mask {
        mask.resized(width: paddedWidth, height: paddedHeight, filter: .lanczos)
            .cropped(x: 0, y: 0, width: width, height: height).boxBlurred(radius: 4)
    }

    /// The colours of a picture as [1,H,W,3] in 0...1, at the size the model works at.
    func unitPixels(of image: Image) -> Tensor {
        Self.pixels(of: image.padded(toMultipleOf: factor)) * 0.5 + 0.5
    }

    /// The colours of a picture as [1,H,W,3] in -1...1; grey is repeated, alpha is left out.
    private static func pixels(of image: Image) -> Tensor {
        let most = Float(image.maximum)
        let offsets = image.isGrey ? [0, 0, 0] : [0, 1, 2]
        return Tensor(shape: [1, image.height, image.width, 3]) { pixels in
            for pixel in 0..<(image.width * image.height) {
                for c in 0..<3 {
                    let sample = image.samples[pixel * image.channels + offsets[c]]
                    pixels[pixel * 3 + c] = Float(sample) / most * 2 - 1
                }
            }
        }
    }

    /// 8-bit RGB of [1,H,W,3] in -1...1; values outside are clipped, halves go to even.
    static func image(of pixels: Tensor) -> Image {
        let samples = pixels.values.map { value in
            UInt16((min(max(value / 2 + 0.5, 0), 1) * 255).rounded(.toNearestOrEven))
        }
        return Image(
            width: pixels.shape[2], height: pixels.shape[1], channels: 3, depth: 8,
            samples: samples)
    }
}

extension Int {
    fileprivate func divided(roundingUp divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
