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
        let (width, height) = (latents.paddedWidth, latents.paddedHeight)
        let pixels = width * height
        let side = AutoencoderKL.tileSide
        let atOnce =
            latents.isTiled
            ? min(width, side) * min(height, side) : pixels
        let vae = model.vae.configuration.widestFloatsPerPixel * atOnce
        let branches = model.branches(recipe)
        let places = pixels / (model.vae.factor * model.vae.factor)
        let unet = model.unet.configuration.widestFloatsPerLatent * places * branches
        let pictures = 16 * pixels
        work = (max(vae, unet) + pictures) * MemoryLayout<Float>.size
    }

    /// - Throws: `EditingError.memory` when less than `work` is free.
    func check() throws {
        guard let available = availableMemory(), work > available else { return }
        throw EditingError.memory(needed: work, available: available)
    }
}
