import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// Fixtures/Parity/noise.*, written by Scripts/goldens/noise.py.
private struct NoiseRecording: Decodable {
    let draws: [[Int]]
    let checksumCount: Int
    let checksums: [String: String]

    static let folder = Fixtures.parity

    static func read() throws -> Self {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            Self.self, from: Data(contentsOf: folder.appending(path: "noise.json")))
    }

    static func seeds() throws -> [UInt64] {
        try read().checksums.keys.compactMap { UInt64($0) }.sorted()
    }
}

@Suite("Normal numbers are torch's, bit for bit")
struct NoiseParityTests {
    @Test("small and large draws in turn", arguments: try NoiseRecording.seeds())
    func draws(seed: UInt64) throws {
        let file = try Safetensors(
            contentsOf: NoiseRecording.folder.appending(path: "noise.safetensors"))
        let expected = try #require(file["\(seed)"]).widened().values
        var source = TorchRandomSource(seed: seed)
        let found = try NoiseRecording.read().draws.flatMap { source.normal($0).values }
        #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
    }

    @Test("a million values", arguments: try NoiseRecording.seeds())
    func million(seed: UInt64) throws {
        let recording = try NoiseRecording.read()
        var source = TorchRandomSource(seed: seed)
        let values = source.normal([recording.checksumCount]).values
        let sum = values.enumerated().reduce(UInt64(0)) { sum, value in
            sum &+ UInt64(2 * value.offset + 1) &* UInt64(value.element.bitPattern)
        }
        #expect(UInt64(recording.checksums["\(seed)"] ?? "", radix: 16) == sum)
    }

    @Test("the recording holds seeds beyond 32 bits")
    func coverage() throws {
        #expect(try NoiseRecording.seeds().count >= 7)
        #expect(try NoiseRecording.seeds().contains(UInt64.max))
    }
}
