import Foundation
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
        guard let available = Self.available(), needed > available else { return }
        throw EditingError.memory(needed: needed, available: available)
    }

    /// Bytes that can be had without swapping; nil where the system does not say.
    private static func available() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else {
            return nil
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
