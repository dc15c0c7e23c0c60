import Checkpoints
import Foundation
import Sampling
import Tensors
import TestSupport
import Testing

/// Fixtures/Parity/noise.*, written by Scripts/goldens/noise.py.
private struct NoiseRecording: Decodable {
    let draws: [[Int]]
    let checksumCount: Int
    let checksums: [String: String]
    let paths: [Path]
    let pictures: [Picture]

    /// A Brownian path and the levels between which it was asked for.
    struct Path: Decodable {
        let seed: UInt64
        let shape: [Int]
        let levels: [Float]
    }

    /// The noise of a picture.
    struct Picture: Decodable {
        let shape: [Int]
        let seed, variationSeed, seedDelta: UInt64
        let variationStrength: Double
        let resizedFrom: [Int]?
    }

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

    @Test("those of A1111's setting NV", arguments: try NoiseRecording.seeds())
    func nvidia(seed: UInt64) throws {
        let expected = try #require(file()["nv.\(seed)"]).widened().values
        var source = PhiloxRandomSource(seed: seed)
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

    private func file() throws -> Safetensors {
        try Safetensors(contentsOf: NoiseRecording.folder.appending(path: "noise.safetensors"))
    }

    @Test("increments of torchsde's Brownian path, bit for bit", arguments: 0..<3)
    func path(index: Int) throws {
        let path = try NoiseRecording.read().paths[index]
        let expected = try #require(file()["path.\(index)"]).widened().values
        let tree = BrownianTree(
            over: path.levels[0]...path.levels[1], shape: path.shape, seed: path.seed)
        let levels = path.levels.dropFirst()
        let found = zip(levels, levels.dropFirst()).flatMap { tree(from: $0, to: $1).values }
        #expect(found.count == expected.count)
        let differing = zip(found, expected).count { $0.bitPattern != $1.bitPattern }
        #expect(differing == 0)
    }

    @Test("the noise of a picture: variation, resize, another seed for the steps", arguments: 0..<6)
    func picture(index: Int) throws {
        let picture = try NoiseRecording.read().pictures[index]
        let expected = try #require(file()["picture.\(index)"]).widened().values
        var settings = NoiseSettings()
        settings.variationSeed = picture.variationSeed
        settings.variationStrength = picture.variationStrength
        settings.seedDelta = picture.seedDelta
        settings.resizedFrom = picture.resizedFrom.map { NoiseSize(height: $0[0], width: $0[1]) }
        var noise = SeededNoise(seed: picture.seed, settings, shape: picture.shape)
        let found = noise.first().values + noise.next().values
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 2e-6) }
    }

    @Test("the recording holds seeds beyond 32 bits")
    func coverage() throws {
        #expect(try NoiseRecording.seeds().count >= 7)
        #expect(try NoiseRecording.seeds().contains(UInt64.max))
    }
}
