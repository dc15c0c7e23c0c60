import Checkpoints
import Foundation
import Models
import NaiveKernels
import Tensors

/// Decodes a square of latents in tiles and, unless `tiledOnly`, as a whole; prints seconds, the most
/// memory that was resident, and how far the two are apart.
func timeTiling(_ folder: URL, side: Int, tiledOnly: Bool) throws {
    let vae = try AutoencoderKL(ModelFolder(folder))
    let shape = vae.latentShape(height: side, width: side)
    // Smooth, as latents of pictures are, with a little noise.
    let rough = noise(shape)
    let latents = Tensor(
        rough.values.enumerated().map { index, value in
            let place = index / shape[3]
            let (y, x) = (Float(place / shape[2]), Float(place % shape[2]))
            return 4 * sin(y / 9 + Float(index % shape[3])) * cos(x / 7) + value
        }, shape: shape)
    let clock = ContinuousClock()
    var tiled = latents
    let seconds = clock.measure { tiled = vae.decode(latents, tiled: true) } / .seconds(1)
    print("decode \(side)x\(side) in tiles: \(seconds) s, peak \(peakMemory()) MB")
    if tiledOnly { return }
    var whole = latents
    let wholeSeconds = clock.measure { whole = vae.decode(latents) } / .seconds(1)
    print("decode \(side)x\(side) as a whole: \(wholeSeconds) s, peak \(peakMemory()) MB")
    func byte(_ value: Float) -> Float { (min(max(value / 2 + 0.5, 0), 1) * 255).rounded() }
    let differences = zip(tiled.values, whole.values).map { abs(byte($0) - byte($1)) }
    let mean = differences.reduce(0, +) / Float(differences.count)
    print("differences: at most \(differences.max() ?? 0)/255, on average \(mean)/255")
}

/// The most memory that was ever resident, in MB.
private func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024 / 1_000_000
}
