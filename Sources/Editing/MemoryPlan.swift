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
    ///
    /// - Parameters:
    ///   - latents: those of the largest pass.
    ///   - canvas: pixels of the whole picture.
    ///   - joined: pixels of the largest part that is joined to it.
    init(_ model: Model, _ recipe: Recipe, _ latents: Latents, canvas: Int, joined: Int) {
        let (width, height) = (latents.paddedWidth, latents.paddedHeight)
        let pixels = width * height
        let side = AutoencoderKL.tileSide
        let atOnce =
            latents.isTiled
            ? min(width, side) * min(height, side) : pixels
        let vae = model.vae.widestFloatsPerPixel * atOnce
        let branches = model.branches(for: recipe)
        let places = pixels / (model.vae.factor * model.vae.factor)
        let unet = model.unet.configuration.widestFloatsPerLatent * places * branches
        let pictures = 16 * max(pixels, canvas)
        // Four fields of four numbers a pixel with their coarser grids, and the places.
        let joining = recipe.blend == .poisson ? 25 * joined : 0
        work = (max(vae, unet, joining) + pictures) * MemoryLayout<Float>.size
    }

    /// - Throws: `EditingError.memory` when less than `work` is free.
    func check() throws {
        guard let available = availableMemory(), work > available else { return }
        throw EditingError.memory(needed: work, available: available)
    }
}
