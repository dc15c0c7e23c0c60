import Checkpoints
public import Foundation
public import Imaging
import Models
import Sampling
import Tensors

/// Pictures of an edit while it is under way: of what the model takes for the clean picture after so
/// many steps. They are looked at only and change nothing in the result.
public struct Preview {
    /// A picture is shown after each so many steps, 1 or more, and after the last.
    let interval: Int
    private let decoder: Decoder?
    private let show: (Frame) throws -> Void

    /// One of them.
    public struct Frame: Sendable {
        /// 8-bit RGB: of the size of the latents, or with a decoder eight times that; of the pass that
        /// is worked on.
        public let image: Image
        /// UNet runs that are done, of all passes.
        public let step: Int
        /// All of them.
        public let steps: Int
    }

    /// An autoencoder for previews alone, as TAESD is.
    public struct Decoder: Sendable {
        let vae: any Autoencoder

        /// - Throws: `CheckpointError` and `ModelError` for a file that is none.
        public init(_ url: URL, beside model: Model) throws {
            vae = try model.looseAutoencoder(at: url)
        }
    }

    /// - Parameters:
    ///   - interval: a picture is shown after each so many steps, 1 or more, and after the last.
    ///   - decoder: makes the pictures; without one each latent becomes a pixel of about its colour.
    ///   - show: gets each picture; what it throws ends the edit.
    public init(
        every interval: Int, decoder: Decoder? = nil, show: @escaping (Frame) throws -> Void
    ) {
        (self.interval, self.decoder, self.show) = (max(interval, 1), decoder, show)
    }

    /// Shows estimate `step` of `steps`, [1,h,w,4], if it is one of those that are shown.
    func look(at latents: Tensor, _ model: Model, step: Int, of steps: Int) throws {
        // What has no colours is an error once the step is done.
        guard step.isMultiple(of: interval) || step == steps, !latents.hasNonFiniteValues else {
            return
        }
        guard let vae = decoder?.vae else {
            return try show(
                Frame(image: model.latentColors.picture(of: latents), step: step, steps: steps))
        }
        let pixels = vae.decode(latents / vae.scalingFactor, tiled: true)
        guard !pixels.hasNonFiniteValues else { return }
        try show(Frame(image: Latents.image(of: pixels), step: step, steps: steps))
    }
}
