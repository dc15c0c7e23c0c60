import Foundation
import Imaging
import TestSupport
import Testing

@Suite("Control maps")
struct ControlMapTests {
    private struct Recorded: Decodable, CustomTestStringConvertible {
        let picture: String
        let kind: String
        let low: Double?
        let high: Double?
        let map: String

        var testDescription: String { map }
    }

    private static let folder = Fixtures.folder.appending(path: "ControlMaps")

    private static func recorded() throws -> [Recorded] {
        try JSONDecoder().decode(
            [Recorded].self, from: Data(contentsOf: folder.appending(path: "maps.json")))
    }

    private static func image(_ name: String) throws -> Image {
        try Image(contentsOf: folder.appending(path: name))
    }

    @Test(
        "Canny's edges are OpenCV's to the pixel, the others its to a level of 255",
        arguments: try recorded())
    private func maps(_ recorded: Recorded) throws {
        var kind = try #require(ControlMap(recorded.kind))
        if let low = recorded.low, let high = recorded.high { kind = .canny(low: low, high: high) }
        let found = try Self.image(recorded.picture + ".png").controlMap(kind)
        let expected = try Self.image(recorded.map).rgb8
        try #require(found.samples.count == expected.samples.count)
        let worst = zip(found.samples, expected.samples).map { abs(Int($0) - Int($1)) }.max() ?? 0
        let isExact = ["canny", "scribble"].contains(recorded.kind)
        #expect(worst <= (isExact ? 0 : 1), "off by \(worst)")
    }

    @Test("what is exchanged, cut and averaged")
    func plain() {
        let picture = Image(
            width: 3, height: 2, channels: 3,
            samples: [0, 10, 20, 200, 210, 220, 130, 128, 129] + [255, 255, 255, 0, 0, 0, 90, 1, 2])
        #expect(
            picture.controlMap(.invert).samples
                == [
                    255, 245, 235, 55, 45, 35, 125, 127, 126, 0, 0, 0, 255, 255, 255, 165, 254, 253,
                ]
        )
        #expect(
            picture.controlMap(.threshold(level: 127)).samples
                == [0, 0, 0, 255, 255, 255, 255, 255, 255] + [255, 255, 255, 0, 0, 0, 0, 0, 0])
        // Two squares: two by two pixels, and what is left of one by two.
        let squares = picture.controlMap(.grid(side: 2)).samples
        #expect(Array(squares[0..<3]) == [114, 119, 124])
        #expect(Array(squares[6..<9]) == [110, 65, 66])
        #expect(squares[0..<9] == squares[9..<18])
        #expect(picture.controlMap(.tile(factor: 1)) == picture)
    }

    @Test("every name is that of a kind")
    func names() {
        for name in ControlMap.names { #expect(ControlMap(name)?.name == name) }
        #expect(ControlMap("depth") == nil)
    }

    @Test("a picture of one colour has no lines, of any size")
    func flat() {
        for (width, height) in [(1, 1), (1, 7), (9, 2)] {
            let picture = Image(
                width: width, height: height, channels: 4, depth: 16,
                samples: Array(repeating: 30_000, count: width * height * 4))
            for name in ["canny", "soft-edge", "line-art", "scribble"] {
                let map = ControlMap(name).map(picture.controlMap)
                #expect(map?.samples.allSatisfy { $0 == 0 } == true, "\(name)")
                #expect(map?.channels == 3 && map?.depth == 8)
            }
        }
    }
}
