import Checkpoints
import Tensors

/// Halves a picture with a strided convolution.
struct Downsample2D: Sendable {
    private let conv: Conv2D

    /// - Parameter padding: 1 pads all sides; 0 pads only bottom and right, as autoencoders do.
    init(_ weights: Weights, channels: Int, padding: Int) throws {
        let padding = padding == 0 ? Padding(top: 0, left: 0, bottom: 1, right: 1) : .all(padding)
        conv = try Conv2D(
            weights["conv"], from: channels, to: channels, stride: 2, padding: padding)
    }

    func callAsFunction(_ x: Tensor, reuse: Reuse? = nil) -> Tensor {
        conv(x, reuse: reuse)
    }
}

/// Enlarges a picture by repeating pixels, then convolves.
struct Upsample2D: Sendable {
    private let conv: Conv2D

    init(_ weights: Weights, channels: Int) throws {
        conv = try Conv2D(weights["conv"], from: channels, to: channels)
    }

    /// [N, H, W, C] to [N, height, width, C].
    func callAsFunction(_ x: Tensor, height: Int, width: Int, reuse: Reuse? = nil) -> Tensor {
        conv(x, after: Prologue(size: (height, width)), reuse: reuse)
    }
}
