import Imaging
import Tensors

/// The colours that latents stand for, about: each channel's share of red, green and blue in -1...1, and
/// a constant. A picture at the size of the latents follows without the decoder.
struct LatentColors {
    /// A row of red, green and blue for each channel of the scaled latents.
    let factors: [[Float]]
    let constant: [Float]

    /// Stable Diffusion 1 and 2, which share an autoencoder ("Decoding latents to RGB without
    /// upscaling", forum of Hugging Face, 2022).
    static let stableDiffusion = LatentColors(
        factors: [
            [0.298, 0.207, 0.208], [0.187, 0.286, 0.173], [-0.158, 0.189, 0.264],
            [-0.184, -0.271, -0.473],
        ], constant: [0, 0, 0])

    /// Stable Diffusion XL (T. A. Vass, "Explaining the SDXL latent space", 2023), where they are of
    /// 0...255.
    static let stableDiffusionXL = LatentColors(
        factors: [[60, 60, 60], [-60, -5, 10], [25, 15, -5], [-70, -50, -35]].map { row in
            row.map { $0 / 127.5 }
        }, constant: [150, 140, 130].map { $0 / 127.5 - 1 })

    /// The built-in model (`Scripts/fit-latent-colors.py`, by least squares on drawn pictures: 98 % of
    /// the variance).
    static let builtIn = LatentColors(
        factors: [
            [0.4387, 0.1564, -0.0071], [0.0301, 0.3056, 0.0077], [0.0478, 0.0877, 0.4108],
            [-0.0058, -0.0062, 0.0072],
        ], constant: [0.2177, 0.0196, -0.0876])

    /// 8-bit RGB at the size of latents [1,h,w,C], scaled as the UNet has them.
    func picture(of latents: Tensor) -> Image {
        let (height, width, channels) = (latents.shape[1], latents.shape[2], latents.shape[3])
        let values = latents.values
        let samples = (0..<height * width).flatMap { pixel in
            (0..<3).map { color -> UInt16 in
                let sum = (0..<min(channels, factors.count)).reduce(constant[color]) {
                    $0 + values[pixel * channels + $1] * factors[$1][color]
                }
                return UInt16(min(max(sum / 2 + 0.5, 0), 1) * 255 + 0.5)
            }
        }
        return Image(width: width, height: height, channels: 3, depth: 8, samples: samples)
    }
}
