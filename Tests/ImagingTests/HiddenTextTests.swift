import Foundation
import Imaging
import Testing

/// Settings in the lowest bits of samples; the pictures are of `Scripts/hide-text.py`.
@Suite struct HiddenTextTests {
    private func text(_ name: String) throws -> String? {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "Fixtures/Pictures/Hidden/" + name)
        return try Image(decoding: Data(contentsOf: file), name: name).hiddenText
    }

    @Test(arguments: ["alpha-packed.png", "alpha-plain.png", "colors-packed.png"])
    func aHiddenTextIsRead(_ name: String) throws {
        #expect(
            try text(name) == """
                a lake
                Negative prompt: blurry
                Steps: 4, Sampler: Euler a, CFG scale: 7, Seed: 12, Size: 64x48, Version: v1.10.1
                """)
    }

    @Test func jsonIsReadAsItIs() throws {
        #expect(try text("novelai.png")?.contains("\"Software\": \"NovelAI\"") == true)
    }

    /// A length beyond the picture, and a text that gzip does not end.
    @Test(arguments: ["too-long.png", "cut.png"])
    func aBrokenOneIsNone(_ name: String) throws {
        #expect(try text(name) == nil)
    }

    @Test func smallPicturesHoldNone() {
        for channels in 1...4 {
            let image = Image(
                width: 1, height: 1, channels: channels,
                samples: Array(repeating: 1, count: channels))
            #expect(image.hiddenText == nil)
        }
    }
}
