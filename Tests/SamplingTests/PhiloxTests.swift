import Foundation
import Tensors
import Testing

@Suite("The normal numbers of NVIDIA's cards")
struct PhiloxTests {
    @Test("Random123's known answers")
    func knownAnswers() {
        // From kat_vectors of the library (Salmon, Moraes, Dror & Shaw 2011), philox4x32, 10 rounds.
        #expect(
            PhiloxRandomSource.words(SIMD4(0, 0, 0, 0), key: SIMD2(0, 0))
                == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        let ones = UInt32.max
        #expect(
            PhiloxRandomSource.words(SIMD4(ones, ones, ones, ones), key: SIMD2(ones, ones))
                == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            PhiloxRandomSource.words(
                SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
                key: SIMD2(0xa409_3822, 0x299f_31d0))
                == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test(
        "the first values of torch.randn(3, 4, device='cuda') for seed 0, as A1111 publishes them")
    func published() {
        let published = [
            -0.924_662_59, -0.425_344_15, -2.643_845_7, 0.145_183_88,
            -0.120_866_47, -0.579_725_64, -0.622_851_22, -0.328_387_09,
            -1.074_542_31, -0.363_144_07, -1.671_050_67, 2.265_504_97,
        ]
        var source = PhiloxRandomSource(seed: 0)
        let drawn = source.normal([3, 4]).values
        for (index, value) in published.enumerated() {
            let words = PhiloxRandomSource.words(SIMD4(0, 0, UInt32(index), 0), key: SIMD2(0, 0))
            let radius = (-2 * log((Double(words[0]) + 0.5) * 0x1p-32)).squareRoot()
            let exact = radius * sin((Double(words[1]) + 0.5) * 0x1p-31 * Double.pi)
            // They were printed with 8 digits, and worked out with an exact 2π; A1111's code as it is now
            // rounds 2π·2⁻³² to single precision, which is 2.8e-8 more.
            #expect(abs(exact - value) < 5e-9)
            let rounding = Double(drawn[index].ulp) / 2
            #expect(abs(Double(drawn[index]) - exact) < radius * 2 * .pi * 2.8e-8 + rounding)
        }
    }

    @Test("each draw is another, all 64 bits of the seed count, and values are standard normal")
    func stream() {
        var source = PhiloxRandomSource(seed: 7)
        var other = PhiloxRandomSource(seed: 7 + 1 << 32)
        let first = source.normal([40_000])
        #expect(first != source.normal([40_000]))
        #expect(first != other.normal([40_000]))
        let mean = first.values.reduce(0, +) / 40_000
        let variance = first.values.reduce(0) { $0 + $1 * $1 } / 40_000
        #expect(abs(mean) < 0.02 && abs(variance - 1) < 0.03)
    }
}
