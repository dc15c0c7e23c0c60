public import Tensors

/// What ControlNets add inside a UNet: to each skip connection, and behind the middle.
public struct ControlResiduals: Sendable {
    /// One for each skip connection, in the order they are made: [N, h, w, C].
    public var down: [Tensor]
    /// Behind the middle block.
    public var middle: Tensor

    package init(down: [Tensor], middle: Tensor) {
        (self.down, self.middle) = (down, middle)
    }

    /// The sum of what two networks add.
    public static func + (one: Self, other: Self) -> Self {
        ControlResiduals(
            down: zip(one.down, other.down).map { $0 + $1 }, middle: one.middle + other.middle)
    }

    /// Each multiplied by its own factor; the last is the middle's. Factors may be more than needed: the
    /// first ones are used.
    public func scaled(by factors: [Float]) -> Self {
        ControlResiduals(
            down: zip(down, factors).map { $0 * $1 },
            middle: middle * factors[min(down.count, factors.count - 1)])
    }

    /// Each multiplied at every place by a share, [height, width] for its size.
    func weighted(by shares: (_ height: Int, _ width: Int) -> [Float]) -> Self {
        func weighted(_ tensor: Tensor) -> Tensor {
            let (height, width, channels) = (tensor.shape[1], tensor.shape[2], tensor.shape[3])
            let shares = shares(height, width)
            return Tensor(shape: tensor.shape) { target in
                tensor.withUnsafeBufferPointer { source in
                    for index in source.indices {
                        target[index] = source[index] * shares[index / channels % shares.count]
                    }
                }
            }
        }
        return ControlResiduals(down: down.map(weighted), middle: weighted(middle))
    }

    /// With rows of zeros before its own, so that there are that many.
    public func padded(toRows rows: Int) -> Self {
        func padded(_ tensor: Tensor) -> Tensor {
            let missing = rows - tensor.shape[0]
            guard missing > 0 else { return tensor }
            let zeros = Tensor(zeros: [missing] + tensor.shape.dropFirst())
            return .concatenated([zeros, tensor], axis: 0)
        }
        return ControlResiduals(down: down.map(padded), middle: padded(middle))
    }

    /// Adds them to the skip connections that there are, which are the first.
    func add(to skips: inout [Tensor]) {
        for (index, residual) in zip(skips.indices, down) { skips[index] = skips[index] + residual }
    }
}
