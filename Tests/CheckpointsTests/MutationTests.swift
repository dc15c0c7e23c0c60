import Checkpoints
import Foundation
import Tensors
import Testing

/// Damaged files are read or refused, and never end the process.
@Suite struct MutationTests {
    /// xorshift64*, the same on every machine.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 2_685_821_657_736_338_717
        }
    }

    private static let seed: [UInt8] = safetensors([
        (name: "down.0.weight", shape: [2, 3], value: 0.5),
        (name: "down.0.bias", shape: [2], value: -1), (name: "scale", shape: [], value: 2),
        (name: "empty", shape: [0, 4], value: 0),
    ])

    /// Opens the bytes and touches every tensor; whether they were taken.
    private func reads(_ bytes: [UInt8], _ folder: TemporaryFolder) throws -> Bool {
        let url = try folder.write(bytes, to: "mutant.safetensors")
        do {
            let file = try Safetensors(contentsOf: url)
            for name in file.names {
                let values = file[name]?.widened().values
                #expect(values?.count == file.entries[name]?.shape.reduce(1, *))
            }
            return true
        } catch let error as CheckpointError {
            #expect(error.kind == .corruptData)
            #expect(!error.description.contains("\n"))
            return false
        }
    }

    @Test func bitFlips() throws {
        let folder = try TemporaryFolder()
        #expect(try reads(Self.seed, folder))
        var dice = Dice(state: 20_261_125)
        var refused = 0
        for _ in 0..<400 {
            var mutant = Self.seed
            for _ in 0..<Int.random(in: 1...3, using: &dice) {
                let place = Int.random(in: mutant.indices, using: &dice)
                mutant[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
            }
            if try !reads(mutant, folder) { refused += 1 }
        }
        #expect(refused > 200)
    }

    @Test func everyTruncationIsRefused() throws {
        let folder = try TemporaryFolder()
        for length in 0..<Self.seed.count {
            #expect(try !reads(Array(Self.seed.prefix(length)), folder), "\(length) bytes")
        }
        #expect(try !reads(Self.seed + [0], folder))
    }

    @Test func bytesAddedAndTakenAway() throws {
        let folder = try TemporaryFolder()
        var dice = Dice(state: 7)
        for _ in 0..<150 {
            var mutant = Self.seed
            let place = Int.random(in: mutant.indices, using: &dice)
            if Bool.random(using: &dice) {
                mutant.remove(at: place)
            } else {
                mutant.insert(UInt8.random(in: 0...255, using: &dice), at: place)
            }
            #expect(try !reads(mutant, folder), "at \(place)")
        }
    }
}
