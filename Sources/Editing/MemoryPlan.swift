import Imaging
import Models

/// What a picture will need of memory, beside the weights.
struct MemoryPlan {
    /// Bytes at the widest point.
    let needed: Int

    /// The widest point is the VAE at full resolution: the input, the output and the parts between
    /// of its last block.
    init(_ vae: AutoencoderKL, width: Int, height: Int) {
        needed = width * height * vae.configuration.widestFloatsPerPixel * MemoryLayout<Float>.size
    }

    /// - Throws: `EditingError.memory` when less than `needed` is free.
    func check() throws {
        guard let available = availableMemory(), needed > available else { return }
        throw EditingError.memory(needed: needed, available: available)
    }
}
