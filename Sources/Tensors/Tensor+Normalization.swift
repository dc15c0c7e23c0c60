import CKernels

extension Tensor {
    /// Group normalisation (Wu & He 2018) of [N,H,W,C] or [N,S,C], and an activation after it:
    /// statistics over all pixels and the C / groups channels of each group.
    ///
    /// - Parameters:
    ///   - weight: [C].
    ///   - bias: [C].
    public func groupNormalized(
        groups: Int, weight: Tensor, bias: Tensor, epsilon: Float, activation: Activation = .none
    ) -> Tensor {
        let channels = checkedChannels(weight, bias)
        precondition(channels % groups == 0, "\(channels) channels do not make \(groups) groups")
        return normalized(weight, bias) { x, y, weight, bias in
            gesso_group_normalize(
                x, y, weight, bias, shape[0], count / shape[0] / channels, channels, groups,
                epsilon, activation.kernel)
        }
    }

    /// Layer normalisation (Ba et al. 2016): statistics over the last axis.
    ///
    /// - Parameters:
    ///   - weight: [C].
    ///   - bias: [C].
    public func layerNormalized(weight: Tensor, bias: Tensor, epsilon: Float) -> Tensor {
        let channels = checkedChannels(weight, bias)
        return normalized(weight, bias) { x, y, weight, bias in
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
        _ weight: Tensor, _ bias: Tensor,
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
