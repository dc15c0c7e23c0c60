import NaiveKernels
import Synchronization
import Tensors
import Testing

@Suite struct KernelChoiceTests {
    /// The check before a unit is used at all.
    @Test(arguments: [1, 9]) func resultsAreThoseOfThePrecision(_ taps: Int) {
        for unit in NarrowUnit.all {
            #expect(unit.trial(out: 32, in: 40, taps: taps) < .infinity, "\(unit.name)")
            guard unit.precision == .bf16 else { continue }
            #expect(unit.attentionTrial(head: 8 * taps) < .infinity, "\(unit.name)")
        }
    }

    @Test func whatIsKnownIsNotMeasured() {
        for unit in NarrowUnit.all where unit.isHardware {
            let known = ["\(unit.precision.rawValue) 64x256x1": unit.name]
            let choices = KernelChoices(known: known) { _ in Issue.record("measured") }
            let arithmetic = Arithmetic(unit.precision, choices)
            _ = PackedMatrix(StoredTensor(noise([50, 700])), arithmetic: arithmetic)
            #expect(arithmetic.units == [unit.name])
        }
    }

    /// An entry that names no unit of this processor counts for nothing, and what is chosen is kept.
    @Test func whatIsUnknownIsMeasured() throws {
        for precision in [Precision.bf16, .int8] where !precision.units.isEmpty {
            let kept = Mutex<[String: String]>([:])
            let key = "\(precision.rawValue) 32x32x9"
            let choices = KernelChoices(known: [key: "abacus", "other": "floats"]) { all in
                kept.withLock { $0 = all }
            }
            let arithmetic = Arithmetic(precision, choices)
            for _ in 0..<2 {
                _ = PackedFilter(StoredTensor(noise([9, 32, 3, 3])), arithmetic: arithmetic)
            }
            let found = kept.withLock { $0 }
            #expect(found["other"] == "floats")
            let name = try #require(found[key])
            #expect(arithmetic.units == (name == "floats" ? [] : [name]))
            #expect(name == "floats" || precision.units.contains(name))
        }
    }

    /// Where no unit is chosen, results are those of floats to the bit.
    @Test func floatsStayFloats() {
        let (x, w) = (noise([33, 320]), StoredTensor(noise([64, 320], seed: 2)))
        let choices = KernelChoices(known: ["bf16 64x256x1": "floats", "int8 64x256x1": "floats"])
        for precision in [Precision.bf16, .int8] {
            let matrix = PackedMatrix(w, arithmetic: Arithmetic(precision, choices))
            #expect(x.multiplied(by: matrix) == x.multiplied(by: PackedMatrix(w)))
        }
    }
}
