import CKernels
import Foundation

extension Tensor {
    /// What group normalisation (Wu & He 2018) does to [N,H,W,C] or [N,S,C], as a scale and a shift of each
    /// channel, [N,2,C]: statistics over all pixels and the C / groups channels of each group.
    ///
    /// - Parameters:
    ///   - weight: [C].
    ///   - bias: [C].
    public func groupScales(groups: Int, weight: Tensor, bias: Tensor, epsilon: Float) -> Tensor {
        groupSums(groups: groups).scales(weight: weight, bias: bias, epsilon: epsilon)
    }

    /// The sums that group normalisation of [N,H,W,C] or [N,S,C] works out its statistics from.
    public func groupSums(groups: Int) -> GroupSums {
        let channels = shape[shape.count - 1]
        precondition(channels % groups == 0, "\(channels) channels do not make \(groups) groups")
        let pixels = count / shape[0] / channels
        let sums = withUnsafeBufferPointer { x in
            [Double](unsafeUninitializedCapacity: shape[0] * groups * 2) { sums, count in
                gesso_group_sums(
                    x.baseAddress, sums.baseAddress, shape[0], pixels, channels, groups)
                count = shape[0] * groups * 2
            }
        }
        return GroupSums(batch: shape[0], pixels: pixels, channels: channels, sums: sums)
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

/// Sums of the values in each group of channels and of their squares, over some pixels of [N,H,W,C].
public struct GroupSums: Sendable {
    private let batch: Int
    private let pixels: Int
    private let channels: Int
    /// [N, groups, 2].
    private let sums: [Double]

    fileprivate init(batch: Int, pixels: Int, channels: Int, sums: [Double]) {
        (self.batch, self.pixels, self.channels, self.sums) = (batch, pixels, channels, sums)
    }

    /// Those of the last `rows` alone; all where there are no more.
    package func lastRows(_ rows: Int) -> GroupSums {
        let rows = min(rows, batch)
        return GroupSums(
            batch: rows, pixels: pixels, channels: channels,
            sums: Array(sums.suffix(sums.count / batch * rows)))
    }

    private func combined(
        with other: GroupSums, _ operation: (Double, Double) -> Double, pixels: Int
    ) -> GroupSums {
        precondition(sums.count == other.sums.count && channels == other.channels)
        return GroupSums(
            batch: batch, pixels: pixels, channels: channels,
            sums: zip(sums, other.sums).map(operation))
    }

    /// The sums over the pixels of both.
    public static func + (a: GroupSums, b: GroupSums) -> GroupSums {
        a.combined(with: b, +, pixels: a.pixels + b.pixels)
    }

    /// The sums if mean and deviation of each group go on changing as since `earlier`.
    ///
    /// - Parameters:
    ///   - earlier: of as many pixels.
    ///   - factor: for how many times as long; from -1 to 0 it is between both.
    package func extrapolated(from earlier: GroupSums, by factor: Double) -> GroupSums {
        precondition(sums.count == earlier.sums.count && pixels == earlier.pixels)
        let count = Double(pixels * channels * batch * 2 / sums.count)
        func moments(_ sums: [Double], _ at: Int) -> (mean: Double, variance: Double) {
            let mean = sums[at] / count
            return (mean, max(sums[at + 1] / count - mean * mean, 1e-12))
        }
        let all = stride(from: 0, to: sums.count, by: 2).flatMap { at in
            let (now, before) = (moments(sums, at), moments(earlier.sums, at))
            let mean = now.mean + factor * (now.mean - before.mean)
            let variance = now.variance * pow(now.variance / before.variance, factor)
            return [count * mean, count * (variance + mean * mean)]
        }
        return GroupSums(batch: batch, pixels: pixels, channels: channels, sums: all)
    }

    /// The sums over the pixels of `a` that are not in `b`.
    public static func - (a: GroupSums, b: GroupSums) -> GroupSums {
        a.combined(with: b, -, pixels: a.pixels - b.pixels)
    }

    /// The scale and the shift of each channel, [N,2,C], that normalise by these statistics.
    ///
    /// - Parameters:
    ///   - weight: [C].
    ///   - bias: [C].
    public func scales(weight: Tensor, bias: Tensor, epsilon: Float) -> Tensor {
        precondition(
            weight.count == channels && bias.count == channels,
            "\(weight.shape) and \(bias.shape) do not fit \(channels) channels")
        let groups = sums.count / 2 / batch
        return weight.withUnsafeBufferPointer { weight in
            bias.withUnsafeBufferPointer { bias in
                Tensor(shape: [batch, 2, channels]) { scales in
                    gesso_group_scales(
                        sums, scales.baseAddress, weight.baseAddress, bias.baseAddress, batch,
                        pixels, channels, groups, epsilon)
                }
            }
        }
    }
}
