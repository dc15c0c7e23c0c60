import Imaging
import Models
import Recipes

/// What an edit needs of memory.
struct MemoryPlan {
    /// Bytes of all that is computed, at the widest point; the weights are there already.
    let work: Int

    /// The widest point is the VAE at full resolution, or in a large picture whose VAE is tiled the
    /// UNet's finest level; beside it the pictures themselves are there.
    ///
    /// The factors were measured on Stable Diffusion 1.5 (512x512 and 1024x1024) and rounded up.
    init(_ model: Model, _ recipe: Recipe, _ latents: Latents) {
        work = Self.work(
            model.unet.configuration, model.vae.configuration, width: latents.paddedWidth,
            height: latents.paddedHeight, isTiled: latents.isTiled,
            branches: model.branches(recipe))
    }

    /// The same for networks that are not loaded.
    static func work(
        _ unet: UNet2DCondition.Configuration, _ vae: AutoencoderKL.Configuration, width: Int,
        height: Int, isTiled: Bool, branches: Int
    ) -> Int {
        let pixels = width * height
        let side = AutoencoderKL.tileSide
        let atOnce = isTiled ? min(width, side) * min(height, side) : pixels
        let places = pixels / (vae.factor * vae.factor)
        let inUNet = unet.widestFloatsPerLatent * places * branches
        let pictures = 16 * pixels
        let widest = max(vae.widestFloatsPerPixel * atOnce, inUNet)
        return (widest + pictures) * MemoryLayout<Float>.size
    }

    /// - Throws: `EditingError.memory` when less than `work` is free.
    func check() throws {
        guard let available = availableMemory(), work > available else { return }
        throw EditingError.memory(needed: work, available: available)
    }
}
