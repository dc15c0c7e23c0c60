public import Tensors

/// The generators whose numbers other programs draw.
public enum RandomGenerator: String, CaseIterable, Sendable {
    /// torch's on a CPU: diffusers' recordings, ComfyUI, A1111's setting "CPU".
    case torch
    /// That of NVIDIA's cards: what A1111 draws by default, and its setting "NV".
    case nv

    /// A stream of this generator.
    public func source(seed: UInt64) -> any RandomSource {
        switch self {
        case .torch: TorchRandomSource(seed: seed)
        case .nv: PhiloxRandomSource(seed: seed)
        }
    }
}
