import Imaging
import Testing

@Suite struct CompositingTests {
    @Test(arguments: 1...4, [8, 16])
    func keepsWhatIsNotMasked(channels: Int, depth: Int) {
        for seed in 1...6 as ClosedRange<UInt64> {
            var original = noise(
                width: 24, height: 17, channels: channels, depth: depth, seed: seed)
            original.metadata.parameters = "kept"
            let generated = noise(width: 24, height: 17, channels: 3, seed: seed + 100)
            let mask = blobs(width: 24, height: 17, seed: seed).feathered(radius: 3)
            let result = composite(original: original, generated: generated, mask: mask)
            #expect(result.channels == channels && result.depth == depth)
            #expect(result.metadata == original.metadata)
            let painted = generated.converted(channels: original.isGrey ? 1 : 3, depth: depth)
            for pixel in 0..<24 * 17 {
                let share = Double(mask.values[pixel]) / 255
                for c in 0..<channels {
                    let old = original.samples[pixel * channels + c]
                    let found = result.samples[pixel * channels + c]
                    if mask.values[pixel] == 0 || (original.hasAlpha && c == channels - 1) {
                        #expect(found == old)
                    } else {
                        let new = painted.samples[pixel * painted.channels + c]
                        let exact = Double(old) * (1 - share) + Double(new) * share
                        #expect(abs(Double(found) - exact) <= 0.5 + 1e-6)
                        if mask.values[pixel] == 255 { #expect(found == new) }
                    }
                }
            }
        }
    }

    @Test func aBlackMaskGivesTheOriginal() {
        let original = noise(width: 9, height: 9, channels: 4, depth: 16)
        let result = composite(
            original: original, generated: noise(width: 9, height: 9, channels: 3, seed: 9),
            mask: Mask(width: 9, height: 9, filledWith: 0))
        #expect(result == original)
    }

    @Test func sixteenBitsTakeBytesTimes257() {
        let original = noise(width: 9, height: 9, channels: 3, depth: 16)
        let generated = noise(width: 9, height: 9, channels: 3, seed: 9)
        let result = composite(
            original: original, generated: generated,
            mask: Mask(width: 9, height: 9, filledWith: 255))
        #expect(result.samples == generated.samples.map { $0 * 257 })
    }
}

@Suite struct ConversionTests {
    @Test func depthGoesThereAndBack() {
        let image = noise(width: 16, height: 16, channels: 4)
        #expect(image.converted(channels: 4, depth: 16).converted(channels: 4, depth: 8) == image)
    }

    @Test func sixteenBitsRound() {
        let image = Image(
            width: 4, height: 1, channels: 1, depth: 16, samples: [128, 129, 65406, 65407])
        #expect(image.converted(channels: 1, depth: 8).samples == [0, 1, 254, 255])
    }

    @Test func channelsChange() {
        let grey = Image(width: 1, height: 1, channels: 2, samples: [90, 7])
        #expect(grey.rgb8.samples == [90, 90, 90])
        #expect(grey.converted(channels: 4, depth: 8).samples == [90, 90, 90, 7])
        let color = Image(width: 1, height: 1, channels: 3, samples: [255, 0, 0])
        #expect(color.converted(channels: 2, depth: 16).samples == [76 * 257, 65535])
    }
}
