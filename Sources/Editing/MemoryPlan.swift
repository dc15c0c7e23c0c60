import Imaging
import Models
import Recipes

/// What an edit needs of memory.
struct MemoryPlan {
    /// Bytes of the weights, which are there once a model is loaded.
    let weights: Int
    /// Bytes of all that is computed, at the widest point.
    let work: Int

    /// The widest point is the VAE at full resolution, or in a large picture whose VAE is tiled the
    /// UNet's finest level; beside it the pictures themselves are there.
    ///
    /// The factors were measured on Stable Diffusion 1.5 (512x512 and 1024x1024) and rounded up.
    init(_ model: Model, _ recipe: Recipe, width: Int, height: Int) {
        weights = model.weightBytes
        let pixels = width * height
        let side = AutoencoderKL.tileSide
        let atOnce =
            recipe.vaeTiling.tiles(width: width, height: height)
            ? min(width, side) * min(height, side) : pixels
        let vae = model.vae.configuration.widestFloatsPerPixel * atOnce
        let branches = recipe.guidanceScale > 1 ? 2 : 1
        let latents = pixels / (model.vae.factor * model.vae.factor)
        let unet = model.unet.configuration.widestFloatsPerLatent * latents * branches
        let pictures = 16 * pixels
        work = (max(vae, unet) + pictures) * MemoryLayout<Float>.size
    }

    /// - Throws: `EditingError.memory` when less than `work` is free.
    func check() throws {
        guard let available = availableMemory(), work > available else { return }
        throw EditingError.memory(needed: work, available: available)
    }
}
