import CKernels

/// A function applied to each value of a layer's output.
public enum Activation: String, Sendable, CaseIterable {
    /// x.
    case none
    /// x / (1 + e⁻ˣ), also called swish.
    case silu
    /// x · Φ(x), with the error function (Hendrycks & Gimpel 2016).
    case gelu
    /// x / (1 + e^(−1.702 x)), the approximation CLIP was trained with.
    case quickGELU

    var kernel: gesso_activation {
        switch self {
        case .none: GESSO_NONE
        case .silu: GESSO_SILU
        case .gelu: GESSO_GELU
        case .quickGELU: GESSO_QUICK_GELU
        }
    }
}

extension Tensor {
    /// Each value put through the activation.
    public func applying(_ activation: Activation) -> Tensor {
        withUnsafeBufferPointer { x in
            Tensor(shape: shape) { y in
                gesso_activate(x.baseAddress, y.baseAddress, x.count, activation.kernel)
            }
        }
    }

    /// The gate of GEGLU (Shazeer 2020): of rows [a, b], a · GELU(b). [..., 2C] becomes [..., C].
    public func gegluGated() -> Tensor {
        let channels = (shape.last ?? 0) / 2
        precondition(channels * 2 == shape.last, "\(shape) has no two halves")
        return withUnsafeBufferPointer { x in
            Tensor(shape: shape.dropLast() + [channels]) { y in
                gesso_gate(x.baseAddress, y.baseAddress, y.count / channels, channels)
            }
        }
    }
}
