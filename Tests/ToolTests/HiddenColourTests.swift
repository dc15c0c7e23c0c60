import Foundation
import Imaging
import Testing

/// What is under full transparency is not seen, so it must not be seen in a result: of cut-outs that look alike
/// the results look alike.
@Suite struct HiddenColourTests {
    /// A disc with a soft edge, all else hidden under the same grey or under noise.
    private func cutOut(_ channels: Int, depth: Int, noisy: Bool) -> Image {
        let side = 48
        var image = Image(
            width: side, height: side, channels: channels, depth: depth,
            samples: [UInt16](repeating: 0, count: side * side * channels))
        let most = Int(image.maximum)
        for pixel in 0..<side * side {
            let (x, y) = (pixel % side, pixel / side)
            let distance = Double((x - 24) * (x - 24) + (y - 24) * (y - 24)).squareRoot()
            let alpha = min(max(Int((19 - distance) * 80), 0), 255)
            for channel in 0..<channels - 1 {
                let seen = (40 + 3 * x + 20 * channel + y) * most / 255
                let hidden = noisy ? pixel * 7919 % most : most / 2
                image.samples[pixel * channels + channel] = UInt16(alpha > 0 ? seen : hidden)
            }
            image.samples[pixel * channels + channels - 1] = UInt16(alpha * most / 255)
        }
        return image
    }

    private static let edits = [
        "inpaint --mask rect:8,16,20,14 --steps 0 --fill edge",
        "inpaint --mask rect:8,16,20,14 --steps 0 --fill patch",
        "inpaint --mask rect:8,16,20,14 --steps 0 --fill blur",
        "inpaint --mask rect:8,16,20,14 --prompt x --steps 2 --seed 1",
        "img2img --prompt x --steps 2 --strength 0.5 --seed 1",
        "outpaint --left 16 --prompt x --steps 2 --seed 1",
        "mask --select box:6,6,36,36",
        "mask --mask color:#808080~40",
        "inpaint --mask color:#808080~40 --steps 0 --fill patch",
        "control --kind soft-edge",
        "sheet",
    ]

    @Test(arguments: [("png", 4, 8), ("png", 4, 16), ("png", 2, 8), ("webp", 4, 8), ("tif", 4, 8)])
    func cutOutsThatLookAlikeBecomeWhatLooksAlike(
        _ ending: String, _ channels: Int, _ depth: Int
    ) throws {
        try Tool.inFolder { tool in
            for noisy in [false, true] {
                let format = try #require(ImageFormat(pathExtension: ending))
                try cutOut(channels, depth: depth, noisy: noisy).encoded(as: format)
                    .write(to: tool.url("in-\(noisy).\(ending)"))
            }
            for edit in Self.edits {
                var words = edit.split(separator: " ").map(String.init)
                words.insert("", at: 1)
                var results: [Image] = []
                for noisy in [false, true] {
                    // One name for both: a sheet has it on it.
                    words[1] = "in.\(ending)"
                    try? FileManager.default.removeItem(at: tool.url(words[1]))
                    try FileManager.default.copyItem(
                        at: tool.url("in-\(noisy).\(ending)"), to: tool.url(words[1]))
                    let run = try tool.run(words + ["-o", "out.png", "--overwrite"])
                    #expect(run.status == 0, "\(run.errors)")
                    results.append(try Image(contentsOf: tool.url("out.png")))
                }
                #expect(areAlike(results[0], results[1]), "\(edit)")
            }
        }
    }

    /// Whether all that can be seen is the same.
    private func areAlike(_ a: Image, _ b: Image) -> Bool {
        guard a.samples.count == b.samples.count, a.channels == b.channels else { return false }
        return (0..<a.samples.count / a.channels).allSatisfy { pixel in
            let range = pixel * a.channels..<(pixel + 1) * a.channels
            if a.hasAlpha, a.samples[range.upperBound - 1] == 0 {
                return b.samples[range.upperBound - 1] == 0
            }
            return a.samples[range] == b.samples[range]
        }
    }
}
