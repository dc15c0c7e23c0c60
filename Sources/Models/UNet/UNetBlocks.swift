import Checkpoints
import Tensors

/// One level on the way down. With transformers it is diffusers' `CrossAttnDownBlock2D`.
struct DownBlock2D: Sendable {
    private let resnets: [ResnetBlock2D]
    /// One for each residual block, or none.
    private let attentions: [Transformer2DModel]
    private let downsampler: Downsample2D?

    /// - Parameter downsamplePadding: nil at the coarsest level, where nothing is halved.
    init(
        _ weights: Weights, from inputs: Int, to outputs: Int, layers: Int,
        resnetStyle: ResnetBlock2D.Style, transformerStyle: Transformer2DModel.Style?,
        downsamplePadding: Int?
    ) throws {
        resnets = try (0..<layers).map {
            try ResnetBlock2D(
                weights["resnets"][$0], from: $0 == 0 ? inputs : outputs, to: outputs,
                style: resnetStyle)
        }
        attentions = try transformers(
            weights["attentions"], count: layers, channels: outputs, style: transformerStyle)
        downsampler = try downsamplePadding.map {
            try Downsample2D(weights["downsamplers"][0], channels: outputs, padding: $0)
        }
    }

    /// Takes `x` one level down and leaves everything made on the way in `skips`, a row for each of the
    /// context's. `x` may have a single row where all are alike, until it attends.
    func callAsFunction(
        _ x: inout Tensor, time: Tensor, context: Tensor, skips: inout [Tensor],
        merging: TokenMerging? = nil, reuse: Reuse? = nil
    ) {
        for (index, resnet) in resnets.enumerated() {
            resnet(&x, time: time.sliced(axis: 0, 0..<x.shape[0]), reuse: reuse)
            if !attentions.isEmpty {
                x = attentions[index](x, context: context, merging: merging, reuse: reuse)
            }
            skips.append(x.repeated(context.shape[0]))
        }
        if let downsampler {
            x = downsampler(x, reuse: reuse)
            skips.append(x.repeated(context.shape[0]))
        }
    }
}

/// The coarsest point. With a transformer it is diffusers' `UNetMidBlock2DCrossAttn`; without, there is
/// one residual block only.
struct MidBlock2D: Sendable {
    private let first: ResnetBlock2D
    private let rest: (attention: Transformer2DModel, resnet: ResnetBlock2D)?

    init(
        _ weights: Weights, channels: Int, resnetStyle: ResnetBlock2D.Style,
        transformerStyle: Transformer2DModel.Style?
    ) throws {
        first = try ResnetBlock2D(
            weights["resnets"][0], from: channels, to: channels, style: resnetStyle)
        rest = try transformerStyle.map {
            (
                try Transformer2DModel(weights["attentions"][0], channels: channels, style: $0),
                try ResnetBlock2D(
                    weights["resnets"][1], from: channels, to: channels, style: resnetStyle)
            )
        }
    }

    func callAsFunction(_ x: inout Tensor, time: Tensor, context: Tensor, reuse: Reuse? = nil) {
        first(&x, time: time, reuse: reuse)
        guard let rest else { return }
        x = rest.attention(x, context: context, reuse: reuse)
        rest.resnet(&x, time: time, reuse: reuse)
    }
}

/// One level on the way up. With transformers it is diffusers' `CrossAttnUpBlock2D`.
struct UpBlock2D: Sendable {
    private let resnets: [ResnetBlock2D]
    /// One for each residual block, or none.
    private let attentions: [Transformer2DModel]
    private let upsampler: Upsample2D?

    /// - Parameters:
    ///   - inputs: channels of what comes from below.
    ///   - lastSkip: channels of the last skip connection, which the next finer level left.
    init(
        _ weights: Weights, from inputs: Int, to outputs: Int, lastSkip: Int, layers: Int,
        resnetStyle: ResnetBlock2D.Style, transformerStyle: Transformer2DModel.Style?,
        upsamples: Bool
    ) throws {
        resnets = try (0..<layers).map {
            let skip = $0 == layers - 1 ? lastSkip : outputs
            return try ResnetBlock2D(
                weights["resnets"][$0], from: ($0 == 0 ? inputs : outputs) + skip, to: outputs,
                style: resnetStyle)
        }
        attentions = try transformers(
            weights["attentions"], count: layers, channels: outputs, style: transformerStyle)
        upsampler =
            upsamples ? try Upsample2D(weights["upsamplers"][0], channels: outputs) : nil
    }

    /// Takes `x` one level up with the help of the last `skips`, which are used up. The new size is that
    /// of the next skip, so that odd sizes come out as they went in.
    func callAsFunction(
        _ x: inout Tensor, time: Tensor, context: Tensor, skips: inout [Tensor],
        merging: TokenMerging? = nil, reuse: Reuse? = nil
    ) {
        for (index, resnet) in resnets.enumerated() {
            x = .concatenated([x, skips.removeLast()], axis: 3)
            resnet(&x, time: time, reuse: reuse)
            if !attentions.isEmpty {
                x = attentions[index](x, context: context, merging: merging, reuse: reuse)
            }
        }
        if let upsampler, let skip = skips.last {
            x = upsampler(x, height: skip.shape[1], width: skip.shape[2], reuse: reuse)
        }
    }
}

private func transformers(
    _ weights: Weights, count: Int, channels: Int, style: Transformer2DModel.Style?
) throws -> [Transformer2DModel] {
    guard let style else { return [] }
    return try (0..<count).map {
        try Transformer2DModel(weights[$0], channels: channels, style: style)
    }
}
