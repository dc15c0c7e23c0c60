public import Checkpoints
public import Foundation
public import Tensors

/// TAESD, the tiny autoencoder for Stable Diffusion's latents (O. Bohan, 2023), called AutoencoderTiny
/// in diffusers: convolutions and rectifiers alone. Its latents are those of the UNet as they are, and
/// not drawn.
public struct AutoencoderTiny: Autoencoder {
    /// Channels of the latents: 4.
    public let latentChannels: Int
    /// What latents are multiplied by for the UNet: 1.
    public let scalingFactor: Float
    /// How many pixels a latent spans, in each direction: 8.
    public let factor: Int
    /// Four tensors of the widest layer are there at once.
    public let widestFloatsPerPixel: Int
    /// Latents follow from the picture alone.
    public var drawsLatents: Bool { false }
    /// Whether it can encode, too.
    public var encodes: Bool { encoder != nil }

    private let encoder: [Layer]?
    private let decoder: [Layer]
    /// As many as leave a tile more than one latent.
    private static let mostDoublings = 7

    private enum Layer: Sendable {
        case convolution(Conv2D)
        case rectified(Conv2D)
        case block(TinyBlock)
        case doubling(Conv2D)
    }

    /// Builds the network; its depth and widths follow from the tensors.
    /// - Parameter json: its configuration.
    /// - Throws: `CheckpointError`, naming a tensor that is missing, misshapen or left over.
    public init(_ weights: Weights, json: Data) throws {
        let file = try ConfigurationReader(json, model: "AutoencoderTiny")
        scalingFactor = try file.number("scaling_factor", default: 1)
        let decoder = weights["decoder"]["layers"]
        let shape = decoder.shape("0.weight") ?? []
        guard shape.count == 4 else {
            throw file.invalid("decoder", "has no tensor decoder.layers.0.weight of 4 dimensions")
        }
        latentChannels = shape[1]
        widestFloatsPerPixel = shape[0] * 4
        let (layers, channels) = try Self.decoder(decoder, from: shape[1])
        guard channels == 3 else {
            throw file.invalid("decoder", "makes pictures of \(channels) channels, not of 3")
        }
        self.decoder = layers
        let doublings = layers.count { if case .doubling = $0 { true } else { false } }
        guard doublings <= Self.mostDoublings else {
            throw file.invalid("decoder", "doubles pictures \(doublings) times")
        }
        let factor = 1 << doublings
        self.factor = factor
        encoder =
            try weights.contains("encoder")
            ? Self.encoder(weights["encoder"]["layers"]) {
                guard $0 == shape[1], $1 == factor else {
                    throw file.invalid(
                        "encoder",
                        "makes latents of \($0) channels for \($1) pixels, the decoder takes \(shape[1]) "
                            + "for \(factor)")
                }
            } : nil
        try weights.requireAllUsed()
    }

    /// The latents of pictures; without an encoder zeros, see `encodes`.
    public func latents(of pixels: Tensor, tiled: Bool, noise: () -> Tensor) -> Tensor {
        let side = AutoencoderKL.tileSide
        let run = { (x: Tensor) in Self.run(encoder ?? [], (x + 1) / 2) }
        guard tiled else { return run(pixels) }
        return Tiling(side: side, overlap: side / 4)(pixels, scale: (1, factor), run)
    }

    /// The pictures of latents, squashed into -3…3 first.
    public func decode(_ latents: Tensor, tiled: Bool) -> Tensor {
        let side = AutoencoderKL.tileSide / factor
        let run = { (x: Tensor) in
            Self.run(decoder, x.map { tanhf($0 / 3) * 3 }) * 2 - 1
        }
        guard tiled else { return run(latents) }
        return Tiling(side: side, overlap: side / 4)(latents, scale: (factor, 1), run)
    }

    private static func run(_ layers: [Layer], _ x: Tensor) -> Tensor {
        layers.reduce(x) { x, layer in
            switch layer {
            case .convolution(let convolution): convolution(x)
            case .rectified(let convolution): convolution(x).rectified
            case .block(let block): block(x)
            case .doubling(let convolution):
                convolution(x, after: Prologue(size: (2 * x.shape[1], 2 * x.shape[2])))
            }
        }
    }

    /// Layers in a row, each for the channels that the one before makes. In the encoder a convolution without
    /// bias halves the picture.
    ///
    /// - Parameter check: is given the channels in the end, and how many pixels a latent spans.
    private static func encoder(
        _ weights: Weights, _ check: (Int, Int) throws -> Void
    ) throws -> [Layer] {
        var (layers, channels, halvings) = ([Layer](), 3, 0)
        while weights.contains("\(layers.count)") {
            let index = layers.count
            if let layer = try block(weights, index, &channels) {
                layers.append(layer)
            } else {
                let halves = !weights[index].contains("bias")
                halvings += halves ? 1 : 0
                layers.append(
                    .convolution(
                        try convolution(
                            weights[index], &channels, bias: !halves, stride: halves ? 2 : 1)))
            }
        }
        // More than there are doublings, and still a number.
        try check(channels, 1 << min(halvings, mostDoublings + 1))
        return layers
    }

    /// In the decoder a number without tensors is the rectifier after the first convolution,
    /// then for doubling.
    ///
    /// - Returns: the layers, and the channels that they make.
    private static func decoder(
        _ weights: Weights, from latentChannels: Int
    ) throws -> (layers: [Layer], channels: Int) {
        var channels = latentChannels
        var layers: [Layer] = [.rectified(try convolution(weights[0], &channels))]
        var index = 2
        while true {
            if let layer = try block(weights, index, &channels) {
                layers.append(layer)
                index += 1
            } else if weights.contains("\(index)") {
                let bias = weights[index].contains("bias")
                layers.append(
                    .convolution(try convolution(weights[index], &channels, bias: bias)))
                index += 1
            } else if weights.contains("\(index + 1)") {
                layers.append(
                    .doubling(try convolution(weights[index + 1], &channels, bias: false)))
                index += 2
            } else {
                return (layers, channels)
            }
        }
    }

    private static func block(
        _ weights: Weights, _ index: Int, _ channels: inout Int
    ) throws -> Layer? {
        guard weights[index].contains("conv") else { return nil }
        return .block(try TinyBlock(weights[index], &channels))
    }

    /// - Parameter channels: those that it takes, then those that it makes.
    fileprivate static func convolution(
        _ weights: Weights, _ channels: inout Int, bias: Bool = true, stride: Int = 1
    ) throws -> Conv2D {
        let shape = weights.shape("weight") ?? []
        let outputs = shape.count == 4 ? shape[0] : 1
        defer { channels = outputs }
        return try Conv2D(weights, from: channels, to: outputs, stride: stride, bias: bias)
    }
}

/// Three convolutions with rectifiers, beside a short way.
private struct TinyBlock: Sendable {
    private let convolutions: [Conv2D]
    private let skip: Linear?

    /// - Parameter channels: those that it takes, then those that it makes.
    init(_ weights: Weights, _ channels: inout Int) throws {
        let inputs = channels
        var convolutions: [Conv2D] = []
        for number in [0, 2, 4] {
            convolutions.append(
                try AutoencoderTiny.convolution(weights["conv"][number], &channels))
        }
        self.convolutions = convolutions
        let isChanged = weights["skip"].contains("weight") || inputs != channels
        skip =
            isChanged
            ? try Linear(weights["skip"], from: inputs, to: channels, bias: false) : nil
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let h = convolutions[1](convolutions[0](x).rectified).rectified
        return convolutions[2](h, adding: skip.map { $0(x) } ?? x).rectified
    }
}

extension Tensor {
    /// Negative values made 0.
    fileprivate var rectified: Tensor { map { $0 < 0 ? 0 : $0 } }
}
