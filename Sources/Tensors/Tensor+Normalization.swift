import CKernels

extension Tensor {
    /// What group normalisation (Wu & He 2018) does to [N,H,W,C] or [N,S,C], as a scale and a shift of each
    /// channel, [N,2,C]: statistics over all pixels and the C / groups channels of each group.
    ///
    /// - Parameters:
    ///   - weight: [C].
    ///   - bias: [C].
    public func groupScales(groups: Int, weight: Tensor, bias: Tensor, epsilon: Float) -> Tensor {
        let channels = checkedChannels(weight, bias)
        precondition(channels % groups == 0, "\(channels) channels do not make \(groups) groups")
        return normalized([shape[0], 2, channels], weight, bias) { x, scales, weight, bias in
            gesso_group_scales(
                x, scales, weight, bias, shape[0], count / shape[0] / channels, channels, groups,
                epsilon)
        }
    }

    /// x · scale + shift, [N,H,W,C] or [N,S,C], with `scales` as `groupScales` gives them.
    public func scaled(by scales: Tensor) -> Tensor {
        let channels = shape[shape.count - 1]
        precondition(
            scales.shape == [shape[0], 2, channels], "\(scales.shape) does not fit \(shape)")
        return scales.withUnsafeBufferPointer { scales in
            withUnsafeBufferPointer { x in
                Tensor(shape: shape) { y in
                    gesso_scale(
                        x.baseAddress, y.baseAddress, scales.baseAddress, shape[0],
                        count / shape[0] / channels, channels)
                }
            }
        }
    }

    /// Layer normalisation (Ba et al. 2016): statistics over the last axis.
    ///
    /// - Parameters:
    ///   - weight: [C].
    ///   - bias: [C].
    public func layerNormalized(weight: Tensor, bias: Tensor, epsilon: Float) -> Tensor {
        let channels = checkedChannels(weight, bias)
        return normalized(shape, weight, bias) { x, y, weight, bias in
            gesso_layer_normalize(x, y, weight, bias, count / channels, channels, epsilon)
        }
    }

    private func checkedChannels(_ weight: Tensor, _ bias: Tensor) -> Int {
        let channels = shape[shape.count - 1]
        precondition(
            weight.count == channels && bias.count == channels,
            "\(weight.shape) and \(bias.shape) do not fit \(shape)")
        return channels
    }

    private typealias Floats = UnsafePointer<Float>?

    private func normalized(
        _ shape: [Int], _ weight: Tensor, _ bias: Tensor,
        _ kernel: (Floats, UnsafeMutablePointer<Float>?, Floats, Floats) -> Void
    ) -> Tensor {
        withUnsafeBufferPointer { x in
            weight.withUnsafeBufferPointer { w in
                bias.withUnsafeBufferPointer { b in
                    Tensor(shape: shape) { y in
                        kernel(x.baseAddress, y.baseAddress, w.baseAddress, b.baseAddress)
                    }
                }
            }
        }
    }
}
