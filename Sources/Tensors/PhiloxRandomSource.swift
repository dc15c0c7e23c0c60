import Foundation

/// The normal numbers of torch's generator on NVIDIA's cards, as A1111 and ComfyUI work them out on a
/// CPU: Philox 4x32-10 (Salmon, Moraes, Dror & Shaw 2011) and the transform of Box & Muller (1958).
///
/// Value i of draw d comes from the counter (d, 0, i, 0) under the seed's two halves as the key. Of the
/// four words the first two make one value, as on a card each of its threads does when a draw has fewer
/// values than the card has threads: u = (x + ½)·2⁻³², v = 2π·(y + ½)·2⁻³², √(−2·ln u)·sin v. All of it
/// is of double precision and rounded once, at the end, as in A1111; the card itself works in single
/// precision, so its values differ in the last bits.
public struct PhiloxRandomSource: RandomSource {
    private let key: SIMD2<UInt32>
    private var draw: UInt32 = 0

    /// Starts the generator; all 64 bits of the seed count.
    public init(seed: UInt64) {
        key = SIMD2(
            UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    }

    /// Standard normal values in the row-major order of `shape`.
    public mutating func normal(_ shape: [Int]) -> Tensor {
        let draw = draw
        self.draw &+= 1
        return Tensor(shape: shape) { values in
            for index in values.indices {
                let words = Self.words(
                    SIMD4(draw, 0, UInt32(truncatingIfNeeded: index), 0), key: key)
                values[index] = boxMuller(words[0], words[1])
            }
        }
    }
}

extension PhiloxRandomSource {
    /// Four random words for a counter and a key: ten rounds, the key raised by Weyl's sequence between
    /// them (Salmon, Moraes, Dror & Shaw 2011, section 4.3).
    public static func words(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (words, key) = (counter, key)
        for round in 0..<10 {
            if round > 0 { key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85) }
            let first = words[0].multipliedFullWidth(by: 0xD251_1F53)
            let second = words[2].multipliedFullWidth(by: 0xCD9E_8D57)
            words = SIMD4(
                second.high ^ words[1] ^ key[0], second.low,
                first.high ^ words[3] ^ key[1], first.low)
        }
        return words
    }
}

/// The sine half of a pair (Box & Muller 1958).
private func boxMuller(_ x: UInt32, _ y: UInt32) -> Float {
    // NumPy rounds both constants to single precision, and multiplies them in double precision.
    let unit = Double(Float(2.3283064e-10))
    let turn = Double(Float(2.3283064e-10 * 6.2831855))
    let u = Double(x) * unit + unit / 2
    let v = Double(y) * turn + turn / 2
    return Float((-2 * log(u)).squareRoot() * sin(v))
}
