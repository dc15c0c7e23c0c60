import Checkpoints
import Tensors

/// What LoRAs add to a layer beside its weight (Hu et al. 2021, section 4.1): up (down x).
struct LowRankAdapter<Weight: Sendable>: Sendable {
    /// From the layer's input to few channels, by the same product or convolution as the layer's own.
    let down: Weight
    private let up: PackedMatrix

    init(_ down: Weight, _ factors: LowRankFactors) {
        self.down = down
        up = PackedMatrix(factors.up)
    }

    /// [..., rank] to [..., out], for the layer to add to its own sums.
    func raised(_ thin: Tensor, _ residual: consuming Tensor? = nil) -> Tensor {
        thin.multiplied(by: up, adding: residual)
    }
}
