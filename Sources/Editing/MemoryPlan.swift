import Files
import Imaging
import Models
import Recipes

/// What an edit needs of memory.
struct MemoryPlan {
    /// Bytes of all that is computed, at the widest point; the weights are there already.
    private(set) var work: Int

    /// The widest point is the VAE at full resolution, or in a large picture whose VAE is tiled the
    /// backbone's finest level; beside it the pictures themselves are there.
    ///
    /// The factors were measured on Stable Diffusion 1.5 (512x512 and 1024x1024) and rounded up.
    ///
    /// - Parameters:
    ///   - latents: those of the largest pass.
    ///   - canvas: pixels of the whole picture.
    ///   - isInParts: whether the model never works on all of these.
    ///   - joined: pixels of the largest part that is joined to it.
    ///   - controls: what steers it.
    ///   - reused: numbers that are kept between calls of the backbone.
    init(
        _ model: Model, _ recipe: Recipe, _ latents: Latents, canvas: Int, isInParts: Bool = false,
        joined: Int,
        controls: [Control] = [], reused: Int = 0
    ) {
        let added = controls.compactMap { model.controlNets[$0.network] }
            .map(\.configuration.residualFloatsPerLatent).max()
        self.init(
            model.backbone.configuration, model.vae, width: latents.paddedWidth,
            // Of a canvas in parts there are the picture, the result and what the model sees of it, and
            // nothing that is computed.
            height: latents.paddedHeight, canvas: isInParts ? canvas / 2 : canvas,
            isTiled: latents.isTiled, branches: model.branches(for: recipe),
            // The sum, what is added to it, and that before it is weighted.
            residuals: 3 * (added ?? 0))
        work += reused * MemoryLayout<Float>.size
        guard recipe.blend == .poisson else { return }
        // Four fields of four numbers a pixel with their coarser grids, and the places.
        work = max(work, (25 * joined + 16 * canvas) * MemoryLayout<Float>.size)
    }

    /// The same for networks by themselves.
    ///
    /// - Parameter residuals: numbers for each latent of a row that ControlNets add.
    init(
        _ backbone: any BackboneConfiguration, _ vae: any Autoencoder, width: Int, height: Int,
        canvas: Int, isTiled: Bool, branches: Int, residuals: Int = 0
    ) {
        let pixels = width * height
        let side = AutoencoderKL.tileSide
        let atOnce = isTiled ? min(width, side) * min(height, side) : pixels
        let places = pixels / (vae.factor * vae.factor)
        let inBackbone = (backbone.widestFloatsPerLatent + residuals) * places * branches
        let pictures = 16 * max(pixels, canvas)
        work =
            (max(vae.widestFloatsPerPixel * atOnce, inBackbone) + pictures)
            * MemoryLayout<Float>.size
    }

    /// Of work that is known.
    init(work: Int) { self.work = work }

    /// - Throws: `EditingError.memory` when less than `work` is free.
    func check() throws {
        guard work > 4 << 20, let available = availableMemory(), work > available else { return }
        throw EditingError.memory(needed: work, available: available)
    }
}
