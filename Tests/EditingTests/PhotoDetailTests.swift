import Editing
import Imaging
import Testing

/// The detail of a photo in an edit of it that was made smaller.
@Suite struct PhotoDetailTests {
    private let photo: Image = {
        var state: UInt64 = 5
        let samples = (0..<320 * 240).flatMap { pixel -> [UInt16] in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let grain = Int(state >> 59)
            let (x, y) = (pixel % 320, pixel / 320)
            let value = UInt16(60 + x / 4 + (y / 40 % 2) * 60 + grain)
            return [value, value, UInt16(min(Int(value) + 20, 255))]
        }
        return Image(width: 320, height: 240, channels: 3, samples: samples)
    }()
    private var small: Image { photo.resized(width: 80, height: 60) }
    private let all = Box(x: 0, y: 0, width: 320, height: 240)

    private func result(of painted: Image) -> Image {
        PhotoDetail(of: photo, worked: small, painted: painted).enlarged(all)
    }

    @Test func anEditThatChangesNothingGivesThePhoto() {
        #expect(result(of: small).converted(channels: 3, depth: 8).samples == photo.samples)
    }

    @Test func aPartIsThatOfTheWhole() {
        let detail = PhotoDetail(of: photo, worked: small, painted: small)
        let part = Box(x: 30, y: 50, width: 100, height: 90)
        #expect(detail.enlarged(part).samples == detail.enlarged(all).cropped(to: part).samples)
    }

    /// Darker and bluer, with the same things in it.
    @Test func anotherLightKeepsTheDetail() {
        var darker = small
        for place in darker.samples.indices {
            darker.samples[place] = darker.samples[place] * 6 / 10 + (place % 3 == 2 ? 20 : 0)
        }
        let plain = darker.resized(width: 320, height: 240)
        let gain = detail(result(of: darker)) / detail(photo)
        #expect(gain > 0.5 && gain < 0.75, "\(gain)")
        #expect(detail(plain) < 0.35 * detail(photo))
    }

    /// Upside down, none of the photo's things is where it was.
    @Test func anotherPictureHasNoneOfIt() {
        var other = small
        other.samples = (0..<60 * 80).flatMap { pixel -> [UInt16] in
            let (x, y) = (pixel % 80, pixel / 80)
            let value = UInt16((x / 5 + y / 5) % 2 * 120 + 60)
            return [value, value, value]
        }
        let (painted, plain) = (result(of: other), other.resized(width: 320, height: 240))
        let difference = zip(painted.converted(channels: 3, depth: 8).samples, plain.samples)
            .reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(Double(difference) / Double(plain.samples.count) < 0.8)
    }

    /// The mean difference of neighbours.
    private func detail(_ image: Image) -> Double {
        let grey = image.converted(channels: 1, depth: 8).samples
        return grey.indices.dropFirst().reduce(0.0) {
            $0 + ($1 % 320 == 0 ? 0 : abs(Double(grey[$1]) - Double(grey[$1 - 1])))
        } / Double(grey.count)
    }
}
