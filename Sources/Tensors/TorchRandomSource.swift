import Foundation

/// The normal numbers of torch's CPU generator: the same seed and shapes give the same values as
/// `torch.Generator().manual_seed(seed)` with `torch.randn`, bit for bit.
///
/// The engine is the Mersenne Twister (Matsumoto & Nishimura 1998), the transform that of Box &
/// Muller (1958). A draw of 16 values or more runs in single precision with the polynomials of
/// Cephes (Moshier 1992), rounded as torch's AVX2 build rounds them (its AVX-512 build takes the
/// same path; its fallback for older processors may differ in the last bit). A smaller draw runs in
/// double precision and keeps the second number of each pair for the next small draw.
/// Nothing depends on the processor at hand.
public struct TorchRandomSource: RandomSource {
    private var engine: MersenneTwister
    /// The unused half of the last pair drawn in double precision; large draws leave it alone.
    private var spare: Double?

    /// Starts the generator. Like torch, only the low 32 bits of the seed count.
    public init(seed: UInt64) {
        engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
    }

    /// Standard normal values in the row-major order of `shape`.
    public mutating func normal(_ shape: [Int]) -> Tensor {
        Tensor(shape: shape) { values in
            if values.count < blockSize {
                for index in values.indices { values[index] = Float(nextDouble()) }
            } else {
                fill(values)
            }
        }
    }

    /// Uniform values everywhere, then Box-Muller in blocks of 16; a last, partial block is drawn
    /// anew over the last 16 places.
    private mutating func fill(_ values: UnsafeMutableBufferPointer<Float>) {
        for index in values.indices { values[index] = nextUniform() }
        let wholeBlocks = values.count / blockSize
        for block in 0..<wholeBlocks {
            transform(UnsafeMutableBufferPointer(rebasing: values[(block * blockSize)...]))
        }
        guard values.count % blockSize != 0 else { return }
        let tail = UnsafeMutableBufferPointer(rebasing: values.suffix(blockSize))
        for index in tail.indices { tail[index] = nextUniform() }
        transform(tail)
    }

    /// A multiple of 2⁻²⁴ in [0, 1).
    private mutating func nextUniform() -> Float {
        Float(engine.next() & 0xFF_FFFF) * 0x1p-24
    }

    /// A multiple of 2⁻⁵³ in [0, 1).
    private mutating func nextUniformDouble() -> Double {
        let high = UInt64(engine.next())
        let low = UInt64(engine.next())
        return Double((high << 32 | low) & 0x1F_FFFF_FFFF_FFFF) * 0x1p-53
    }

    private mutating func nextDouble() -> Double {
        if let value = spare {
            spare = nil
            return value
        }
        let angle = 2 * Double.pi * nextUniformDouble()
        let radius = (-2 * log1p(-nextUniformDouble())).squareRoot()
        spare = radius * sin(angle)
        return radius * cos(angle)
    }
}

/// Values that torch transforms at once: 8 radii and 8 angles.
private let blockSize = 16

/// Box-Muller on one block: places 0..<8 hold the uniforms of the radii and get the cosines, places
/// 8..<16 those of the angles and get the sines.
private func transform(_ block: UnsafeMutableBufferPointer<Float>) {
    for index in 0..<(blockSize / 2) {
        let radius = (-2 * logarithm(1 - block[index])).squareRoot()
        let (sine, cosine) = sineAndCosine(6.283185307179586 * block[index + 8])
        // Torch scales by 1 and adds 0, which turns −0 into 0.
        block[index] = radius * cosine + 0
        block[index + 8] = radius * sine + 0
    }
}

/// The natural logarithm of `value` in (0, 1], Cephes `logf`. The order of the fused operations is
/// that of torch's compiler.
private func logarithm(_ value: Float) -> Float {
    var mantissa = Float(bitPattern: value.bitPattern & 0x007F_FFFF | 0x3F00_0000)  // [0.5, 1)
    var exponent = Float(Int(value.bitPattern >> 23) - 126)
    if mantissa < 0.707106781186547524 {
        exponent -= 1
        mantissa = mantissa - 1 + mantissa
    } else {
        mantissa -= 1
    }
    let square = mantissa * mantissa
    var sum = polynomial(
        mantissa,
        7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
        -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
    sum = (exponent * -2.12194440e-4).addingProduct(sum * mantissa, square)
    sum = sum.addingProduct(square, -0.5)
    return (mantissa + sum).addingProduct(exponent, 0.693359375)
}

/// Sine and cosine of `angle` in [0, 2π), Cephes `sinf` and `cosf`: the angle is taken modulo π/4
/// in three parts, an octant says which polynomial serves which and their signs.
private func sineAndCosine(_ angle: Float) -> (sine: Float, cosine: Float) {
    let octant = (Int(angle * 1.27323954473516) + 1) & ~1
    let turns = Float(octant)
    let rest =
        angle
        .addingProduct(turns, -0.78515625)
        .addingProduct(turns, -2.4187564849853515625e-4)
        .addingProduct(turns, -3.77489497744594108e-8)
    let square = rest * rest

    let even = polynomial(
        square, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
    let cosine = (square * -0.5).addingProduct(even * square, square) + 1
    let odd = polynomial(square, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
    let sine = rest.addingProduct(odd * square, rest)

    let swapped = octant & 2 != 0
    let sineSign: Float = octant & 4 != 0 ? -1 : 1
    let cosineSign: Float = (octant + 2) & 4 != 0 ? -1 : 1
    return (sineSign * (swapped ? cosine : sine), cosineSign * (swapped ? sine : cosine))
}

/// Horner's rule with fused steps, highest power first.
private func polynomial(_ x: Float, _ coefficients: Float...) -> Float {
    coefficients.dropFirst().reduce(coefficients[0]) { $1.addingProduct($0, x) }
}

/// MT19937 (Matsumoto & Nishimura 1998).
private struct MersenneTwister: Sendable {
    private static let size = 624
    private var state: [UInt32]
    private var position = size

    init(seed: UInt32) {
        state = [seed]
        state.reserveCapacity(Self.size)
        for index in 1..<UInt32(Self.size) {
            let last = state[state.count - 1]
            state.append(1_812_433_253 &* (last ^ last >> 30) &+ index)
        }
    }

    mutating func next() -> UInt32 {
        if position == Self.size { twist() }
        var word = state[position]
        position += 1
        word ^= word >> 11
        word ^= word << 7 & 0x9D2C_5680
        word ^= word << 15 & 0xEFC6_0000
        return word ^ word >> 18
    }

    private mutating func twist() {
        let size = Self.size
        for index in 0..<size {
            let word = state[index] & 0x8000_0000 | state[(index + 1) % size] & 0x7FFF_FFFF
            let mixed = word & 1 == 0 ? word >> 1 : word >> 1 ^ 0x9908_B0DF
            state[index] = state[(index + 397) % size] ^ mixed
        }
        position = 0
    }
}
