import Foundation
public import Tensors

/// A Brownian path in σ that a seed alone determines, whatever its increments are asked for and in
/// which order: torchsde's `BrownianInterval` with `halfway_tree`, as k-diffusion and diffusers set it
/// up for their SDE samplers (Li, Wong, Chen & Duvenaud 2020), bit for bit on a CPU.
///
/// The span is halved again and again. The value at the middle of a part, given those at its ends, is
/// normal (the Brownian bridge), drawn from a generator of its own, whose seed follows from the place
/// of the part in the tree.
public struct BrownianTree: Sendable {
    private let span: ClosedRange<Double>
    private let shape: [Int]
    private let seed: UInt64
    private let generator: RandomGenerator

    /// - Parameters:
    ///   - span: the least and the greatest σ above zero.
    ///   - shape: that of an increment, in torch's order.
    ///   - seed: determines the path.
    ///   - generator: what draws the normal numbers.
    public init(
        over span: ClosedRange<Float>, shape: [Int], seed: UInt64,
        generator: RandomGenerator = .torch
    ) {
        self.span = Self.rounded(Double(span.lowerBound))...Self.rounded(Double(span.upperBound))
        exactLength = Double(span.upperBound) - Double(span.lowerBound)
        (self.shape, self.seed, self.generator) = (shape, seed, generator)
    }

    /// The length of the span before its ends are rounded.
    private let exactLength: Double

    /// The increment of the path from one σ to another, divided by the root of their distance, so that
    /// it is standard normal. Levels outside the span count as its ends; two equal levels give zeros.
    public func callAsFunction(from: Float, to: Float) -> Tensor {
        let bounds = [from, to].map { sigma in
            Self.rounded(min(max(Double(sigma), span.lowerBound), span.upperBound))
        }
        let asked = (bounds.min() ?? 0)..<(bounds.max() ?? 0)
        guard !asked.isEmpty else { return Tensor(zeros: shape) }
        let seeds = SeedSequence(entropy: seed, poolSize: Self.poolSize).state(3)
        let whole = normal(seeds[0]) * Float(exactLength.squareRoot())
        var sum: Tensor?
        add(Part(span: span.lowerBound..<span.upperBound, increment: whole), of: asked, to: &sum)
        let increment = sum ?? Tensor(zeros: shape)
        return increment * (from < to ? 1 : -1) / abs(to - from).squareRoot()
    }

    /// A part of the span, with its place in the tree.
    private struct Part {
        let span: Range<Double>
        let increment: Tensor
        var key: UInt64 = 0
        var depth: UInt64 = 0
    }

    /// Adds the increments of the parts that make up a range, from left to right.
    private func add(_ part: Part, of range: Range<Double>, to sum: inout Tensor?) {
        guard range != part.span else {
            sum = sum.map { $0 + part.increment } ?? part.increment
            return
        }
        let (start, end) = (part.span.lowerBound, part.span.upperBound)
        let middle = Self.rounded(0.5 * (end + start))
        let (left, right) = halves(of: part, at: middle)
        if range.lowerBound < middle {
            add(left, of: range.lowerBound..<min(range.upperBound, middle), to: &sum)
        }
        if range.upperBound > middle {
            add(right, of: max(range.lowerBound, middle)..<range.upperBound, to: &sum)
        }
    }

    /// The two halves of a part, by the Brownian bridge.
    private func halves(of part: Part, at middle: Double) -> (left: Part, right: Part) {
        let (start, end) = (part.span.lowerBound, part.span.upperBound)
        let seeds = SeedSequence(
            entropy: seed, spawnKey: [part.key, part.depth], poolSize: Self.poolSize
        ).state(1)
        let (before, after) = (middle - start, end - middle)
        let share = 1 / (end - start)
        let mean = part.increment * Float(before) * Float(share)
        let deviation = (before * after * share).squareRoot()
        let left = mean + normal(seeds[0]) * Float(deviation)
        return (
            Part(
                span: start..<middle, increment: left, key: 2 * part.key, depth: part.depth + 1),
            Part(
                span: middle..<end, increment: part.increment - left, key: 2 * part.key + 1,
                depth: part.depth + 1)
        )
    }

    private func normal(_ seed: UInt32) -> Tensor {
        var source = generator.source(seed: UInt64(seed))
        return source.normal(shape)
    }

    private static let poolSize = 24

    /// Six decimals, halves of the exact value to even, which bounds the depth of the tree.
    private static func rounded(_ sigma: Double) -> Double {
        Double(String(format: "%.6f", sigma)) ?? sigma
    }
}
