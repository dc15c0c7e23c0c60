import Imaging
import Testing

/// Pictures that are taken for masks.
@Suite struct MaskDoubtTests {
    /// A picture of a disc in one colour on another, with alpha if the colours have it.
    private func disc(_ inside: [UInt16], on outside: [UInt16], depth: Int = 8) -> Image {
        let samples = (0..<20 * 20).flatMap { pixel -> [UInt16] in
            let (x, y) = (pixel % 20 - 10, pixel / 20 - 10)
            return x * x + y * y < 36 ? inside : outside
        }
        return Image(
            width: 20, height: 20, channels: inside.count, depth: depth, samples: samples)
    }

    @Test(
        arguments: [
            ([0, 0, 0, 255], [0, 0, 0, 0]), ([0, 0, 0, 0], [0, 0, 0, 255]), ([0, 255], [0, 0]),
        ] as [([UInt16], [UInt16])])
    func theShapeMayBeInTheAlpha(inside: [UInt16], outside: [UInt16]) {
        let image = disc(inside, on: outside)
        #expect(image.doubtAsMask(threshold: 128) == .shapeInAlpha)
        #expect(Mask(image).values == Mask(transparencyOf: image).inverted.values)
        let dark = disc([20, 30, 40, 255], on: [0, 0, 0, 0])
        #expect(dark.doubtAsMask(threshold: 128) == .dark(lightest: 28))
    }

    @Test func darkMasksSayHowLightTheyAre() {
        #expect(disc([1], on: [0]).doubtAsMask(threshold: 128) == .dark(lightest: 1))
        #expect(
            disc([127, 127, 127], on: [9, 9, 9]).doubtAsMask(threshold: 128) == .dark(lightest: 127)
        )
        #expect(disc([255], on: [0], depth: 16).doubtAsMask(threshold: 128) == .dark(lightest: 1))
        #expect(disc([100], on: [0], depth: 16).doubtAsMask(threshold: 128) == .deep(lightest: 100))
        #expect(disc([1], on: [0]).doubtAsMask(threshold: 1) == nil)
        #expect(disc([0], on: [0]).doubtAsMask(threshold: 128) == nil)
    }

    @Test func faintMasksSayHowOpaqueTheyAre() {
        let faint = disc([0, 0, 0, 85], on: [0, 0, 0, 0])
        #expect(faint.doubtAsMask(threshold: 128) == .faint(lightest: 85))
        #expect(faint.doubtAsMask(threshold: 85) == .shapeInAlpha)
        let white = disc([255, 255, 255, 127], on: [255, 0, 0, 0])
        #expect(white.doubtAsMask(threshold: 128) == .faint(lightest: 127))
        #expect(white.doubtAsMask(threshold: 127) == nil)
    }

    /// What is hidden under transparency is no reason.
    @Test func hiddenColoursPlayNoPart() {
        #expect(disc([255, 255, 255, 255], on: [255, 0, 0, 0]).doubtAsMask(threshold: 128) == nil)
        #expect(
            disc([100, 100, 100, 255], on: [255, 0, 0, 0]).doubtAsMask(threshold: 128)
                == .dark(lightest: 100))
    }

    @Test func lightMasksSayHowDarkTheyAre() {
        #expect(
            disc([255], on: [254]).doubtAsMask(threshold: 128)
                == .light(darkest: 254, lightest: 255))
        #expect(
            disc([255, 255, 0], on: [0, 255, 255]).doubtAsMask(threshold: 128)
                == .light(darkest: 179, lightest: 226))
        #expect(disc([255], on: [254]).doubtAsMask(threshold: 255) == nil)
        #expect(disc([200], on: [200]).doubtAsMask(threshold: 128) == nil)
    }

    @Test func coloursAreDarkerThanTheyLook() {
        #expect(
            disc([255, 0, 0], on: [0, 0, 0]).doubtAsMask(threshold: 128) == .colored(lightest: 76))
        #expect(
            disc([0, 0, 255], on: [0, 0, 0]).doubtAsMask(threshold: 128) == .colored(lightest: 29))
        #expect(
            disc([127, 0, 0], on: [0, 0, 0]).doubtAsMask(threshold: 128) == .colored(lightest: 38))
        let magenta = disc([65535, 0, 65535], on: [0, 0, 0], depth: 16)
        #expect(magenta.doubtAsMask(threshold: 128) == .colored(lightest: 105))
    }

    /// Colours that are light enough count as white; which ones do is not to be seen.
    @Test(
        arguments: [
            ([0, 255, 0], [0, 0, 0]), ([255, 0, 0], [255, 255, 255]),
            ([255, 255, 0], [40, 0, 90]),
        ] as [([UInt16], [UInt16])])
    func coloursMayBeLightEnough(inside: [UInt16], outside: [UInt16]) {
        #expect(disc(inside, on: outside).doubtAsMask(threshold: 128) == .tinted)
        // A touch of colour, as JPEG leaves it, is none.
        #expect(disc([250, 255, 240], on: [4, 0, 9]).doubtAsMask(threshold: 128) == nil)
    }

    @Test func aPhotoIsNoMask() {
        var colored: [UInt16] = []
        for pixel in 0..<UInt16(64 * 64) {
            colored += [pixel % 64 * 4, pixel / 64 * 3, 200 - pixel % 64]
        }
        let photo = Image(width: 64, height: 64, channels: 3, samples: colored)
        #expect(photo.doubtAsMask(threshold: 128) == .photo)
        #expect(photo.converted(channels: 4, depth: 16).doubtAsMask(threshold: 128) == .photo)
        #expect(photo.converted(channels: 1, depth: 8).doubtAsMask(threshold: 128) == .photo)
        // What editors cut out for other programs.
        var cut = photo.converted(channels: 4, depth: 8)
        for pixel in 0..<400 { cut.samples[4 * pixel + 3] = 0 }
        #expect(cut.doubtAsMask(threshold: 128) == .photoWithHole)
    }

    @Test func plainAndSoftMasksAreFine() {
        #expect(disc([255, 255, 255], on: [0, 0, 0]).doubtAsMask(threshold: 128) == nil)
        #expect(disc([255, 255, 255, 255], on: [0, 0, 0, 0]).doubtAsMask(threshold: 128) == nil)
        for seed in 1..<9 {
            let mask = blobs(width: 90, height: 70, seed: UInt64(seed)).grown(by: 3)
            #expect(mask.feathered(radius: 8).image.doubtAsMask(threshold: 128) == nil)
        }
    }
}

/// Colours under full transparency are not seen, so they may not be seen in a result.
@Suite struct HiddenColorTests {
    /// A picture with a transparent part over `hidden`.
    private func cutOut(_ hidden: UInt16, channels: Int = 4) -> Image {
        var image = noise(width: 24, height: 20, channels: channels)
        for pixel in 0..<24 * 20 {
            let isHidden = pixel % 24 > 15 || pixel / 24 < 6
            image.samples[(pixel + 1) * channels - 1] = isHidden ? 0 : 255
            guard isHidden else { continue }
            for c in 0..<channels - 1 { image.samples[pixel * channels + c] = hidden }
        }
        return image
    }

    @Test(arguments: [2, 4])
    func picturesThatLookAlikeBecomeAlike(channels: Int) {
        let (dark, light) = (cutOut(0, channels: channels), cutOut(255, channels: channels))
        #expect(dark != light)
        let seen = dark.withoutHiddenColors
        #expect(seen == light.withoutHiddenColors)
        for pixel in 0..<24 * 20 where dark.samples[(pixel + 1) * channels - 1] > 0 {
            #expect(seen[x: pixel % 24, y: pixel / 24] == dark[x: pixel % 24, y: pixel / 24])
        }
        let opaque = noise(width: 5, height: 4, channels: channels - 1)
        #expect(opaque.withoutHiddenColors == opaque)
    }

    @Test(arguments: [2, 4])
    func mapsMasksAndOverlaysAreOfWhatIsSeen(channels: Int) {
        let (dark, light) = (cutOut(0, channels: channels), cutOut(255, channels: channels))
        for name in ControlMap.names {
            guard let kind = ControlMap(name) else { continue }
            #expect(dark.controlMap(kind) == light.controlMap(kind), "\(name)")
        }
        let selection = Selection(box: Box(x: 3, y: 3, width: 16, height: 14))
        #expect(dark.mask(of: selection) == light.mask(of: selection))
        let mask = Mask(width: 24, height: 20, filledWith: 100)
        #expect(dark.tinted(by: mask) == light.tinted(by: mask))
        for key in [UInt8(0), 255] {
            let colors = [dark, light].map { Mask(of: $0, near: (key, key, key), tolerance: 9) }
            #expect(colors[0] == colors[1])
        }
    }

    @Test func marksAndLossyFilesAreOfWhatIsSeen() throws {
        let (dark, light) = (cutOut(0), cutOut(255))
        for method in WatermarkMethod.allCases {
            #expect(
                dark.watermarked([1, 2, 3], by: method) == light.watermarked([1, 2, 3], by: method))
        }
        let outside = Mask(width: 24, height: 20, filledWith: 0)
        #expect(dark.watermarked([1, 2, 3], within: outside) == dark)
        #expect(
            try dark.encoded(as: .webp, quality: 60) == light.encoded(as: .webp, quality: 60))
        #expect(try Image(decoding: dark.encoded(as: .webp), name: "it").samples == dark.samples)
    }

    @Test func whatIsHiddenAllOverIsGrey() {
        let image = Image(width: 2, height: 1, channels: 4, samples: [9, 8, 7, 0, 1, 2, 3, 0])
        #expect(image.withoutHiddenColors.samples == [128, 128, 128, 0, 128, 128, 128, 0])
    }

    @Test func aCanvasContinuesWhatIsSeen() throws {
        let insets = Insets(top: 4, right: 8)
        let dark = try Canvas(extending: cutOut(0), by: insets, overlap: 2)
        let light = try Canvas(extending: cutOut(255), by: insets, overlap: 2)
        #expect(
            dark.image.cropped(x: 24, y: 0, width: 8, height: 24)
                == light.image.cropped(x: 24, y: 0, width: 8, height: 24))
        #expect(dark.image.cropped(x: 0, y: 4, width: 24, height: 20) == cutOut(0))
        for filling in [Filling.edge, .blur, .patch] {
            let (a, b) = (
                cutOut(0).filled(
                    where: dark.mask.cropped(x: 0, y: 4, width: 24, height: 20), with: filling),
                cutOut(255).filled(
                    where: dark.mask.cropped(x: 0, y: 4, width: 24, height: 20), with: filling)
            )
            #expect(a.withoutHiddenColors == b.withoutHiddenColors)
        }
    }
}
