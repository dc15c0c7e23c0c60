import Glibc

/// How two pictures of one size differ, sample by sample.
///
/// They are compared with the channels and depth that hold both: grey beside colour as colour, an
/// opaque picture beside a transparent one with alpha, 8 bit beside 16 as 16 (`* 257`). So two
/// 16-bit pictures are compared exactly, and alpha counts like a colour.
public struct Comparison: Sendable, Equatable {
    /// Columns of both.
    public let width: Int
    /// Rows of both.
    public let height: Int
    /// The channels compared, 1...4.
    public let channels: Int
    /// White at the depth compared: 255 or 65535.
    public let maximum: Int
    /// The pixels looked at: all, or those outside a mask.
    public let pixels: Int
    /// How many of them differ in any channel.
    public let differing: Int
    /// The largest difference of two samples, 0...`maximum`.
    public let largestDifference: Int
    /// What holds all that differ; nil when none do.
    public let bounds: Bounds?
    /// The mean of the squared differences of all samples looked at.
    public let meanSquaredError: Double

    /// A rectangle of pixels.
    public struct Bounds: Sendable, Equatable {
        /// The first column.
        public let x: Int
        /// The first row.
        public let y: Int
        /// Columns.
        public let width: Int
        /// Rows.
        public let height: Int
    }

    /// Share of the pixels looked at that differ, 0...1.
    public var share: Double { pixels == 0 ? 0 : Double(differing) / Double(pixels) }

    /// Compares two pictures, outside a mask if there is one.
    ///
    /// - Parameter mask: Only pixels where it is 0 are looked at.
    /// - Throws: ``ImagingError/sizesDiffer(what:width:height:expectedWidth:expectedHeight:)``.
    public init(_ a: Image, _ b: Image, outside mask: Mask? = nil) throws {
        try b.check(sizeOf: a, what: "the second picture")
        if let mask, mask.width != a.width || mask.height != a.height {
            throw ImagingError.sizesDiffer(
                what: "the mask", width: mask.width, height: mask.height, expectedWidth: a.width,
                expectedHeight: a.height)
        }
        let (a, b) = Image.alike(a, b)
        let whole = Box(x: 0, y: 0, width: a.width, height: a.height)
        self.init(Self.tally(a, b, outside: mask, in: whole), like: a, whole)
    }

    /// - Parameter a: of the channels and depth compared.
    private init(_ tally: Tally, like a: Image, _ whole: Box) {
        (width, height, channels, maximum) = (
            whole.width, whole.height, a.channels, Int(a.maximum)
        )
        (pixels, differing) = (tally.pixels, tally.differing)
        (largestDifference, bounds) = (tally.largest, tally.bounds)
        meanSquaredError =
            pixels == 0 ? 0 : Double(tally.squares) / Double(pixels * channels)
    }

    /// Compares a picture with the file that was written of it, outside each of several masks of its size, in
    /// memory that does not grow with the picture.
    ///
    /// - Throws: ``ImagingError`` for a file of another size, or one that cannot be read.
    public static func outside(
        _ masks: [Mask], of original: Image, writtenAs file: WrittenPicture
    ) throws -> [Comparison] {
        var tallies = masks.map { _ in Tally() }
        var last = original
        try file.forEachPart { part, box, size in
            guard size.width == original.width, size.height == original.height else {
                throw ImagingError.sizesDiffer(
                    what: "the written picture", width: size.width, height: size.height,
                    expectedWidth: original.width, expectedHeight: original.height)
            }
            let (a, b) = Image.alike(original.cropped(to: box), part)
            for (index, mask) in masks.enumerated() {
                tallies[index].add(Self.tally(a, b, outside: mask, in: box))
            }
            last = a
        }
        let whole = Box(x: 0, y: 0, width: original.width, height: original.height)
        return tallies.map { Comparison($0, like: last, whole) }
    }

    /// - Parameter box: where both are on the picture that the mask is of.
    private static func tally(
        _ a: Image, _ b: Image, outside mask: Mask?, in box: Box
    ) -> Tally {
        let (width, channels) = (a.width, a.channels)
        return a.samples.withUnsafeBufferPointer { first in
            b.samples.withUnsafeBufferPointer { second in
                nonisolated(unsafe) let (first, second) = (first, second)
                return Bands.map(of: a.height) { rows in
                    var tally = Tally()
                    for y in rows {
                        let row = y * width * channels..<(y + 1) * width * channels
                        let start = (box.y + y) * (mask?.width ?? 0) + box.x
                        if areEqual(first[row], second[row]) {
                            tally.pixels +=
                                mask?.values[start..<start + width].count { $0 == 0 } ?? width
                            continue
                        }
                        for x in 0..<width {
                            if let mask, mask.values[start + x] > 0 { continue }
                            tally.count(
                                (y * width + x) * channels, x + box.x, y + box.y, first, second,
                                channels: channels)
                        }
                    }
                    return tally
                }.reduce(into: Tally()) { $0.add($1) }
            }
        }
    }

    /// The peak signal-to-noise ratio in decibels, 10 log10(`maximum`² / mean squared error), over
    /// all samples; nil, that is infinite, for pictures that are equal.
    public var psnr: Double? {
        guard meanSquaredError > 0 else { return nil }
        return 10 * log10(Double(maximum) * Double(maximum) / meanSquaredError)
    }

    /// The running counts of a comparison.
    private struct Tally {
        var (pixels, differing, largest) = (0, 0, 0)
        /// At most 2^32 a sample and 2^30 samples: no overflow.
        var squares: UInt64 = 0
        private var (left, right, top, bottom) = (Int.max, Int.min, Int.max, Int.min)

        @inline(__always)
        mutating func count(
            _ first: Int, _ x: Int, _ y: Int, _ a: UnsafeBufferPointer<UInt16>,
            _ b: UnsafeBufferPointer<UInt16>, channels: Int
        ) {
            pixels += 1
            var most = 0
            for sample in first..<first + channels {
                let difference = abs(Int(a[sample]) - Int(b[sample]))
                most = max(most, difference)
                squares += UInt64(difference * difference)
            }
            guard most > 0 else { return }
            differing += 1
            largest = max(largest, most)
            (left, right) = (min(left, x), max(right, x))
            (top, bottom) = (min(top, y), max(bottom, y))
        }

        /// Takes in the counts of other rows.
        mutating func add(_ other: Tally) {
            pixels += other.pixels
            differing += other.differing
            largest = max(largest, other.largest)
            squares += other.squares
            (left, right) = (min(left, other.left), max(right, other.right))
            (top, bottom) = (min(top, other.top), max(bottom, other.bottom))
        }

        var bounds: Bounds? {
            guard differing > 0 else { return nil }
            return Bounds(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
        }
    }
}

extension Image {
    /// Both with the channels and depth that hold both.
    static func alike(_ a: Image, _ b: Image) -> (Image, Image) {
        let colors = a.isGrey && b.isGrey ? 1 : 3
        let channels = colors + (a.hasAlpha || b.hasAlpha ? 1 : 0)
        let depth = max(a.depth, b.depth)
        return (
            a.converted(channels: channels, depth: depth),
            b.converted(channels: channels, depth: depth)
        )
    }

    func check(sizeOf other: Image, what: String) throws {
        guard width == other.width, height == other.height else {
            throw ImagingError.sizesDiffer(
                what: what, width: width, height: height, expectedWidth: other.width,
                expectedHeight: other.height)
        }
    }

    /// Where two pictures of one size differ, as 8-bit RGB: black where they are equal, from dark
    /// red by yellow to white with the largest difference of a pixel's samples. White is the largest
    /// difference found; the least one is well visible.
    ///
    /// - Throws: ``ImagingError/sizesDiffer(what:width:height:expectedWidth:expectedHeight:)``.
    public static func heatMap(_ a: Image, _ b: Image) throws -> Image {
        let largest = try Comparison(a, b).largestDifference
        let (a, b) = alike(a, b)
        let channels = a.channels
        let samples = [UInt16].rows(a.height, of: 3 * a.width) { rows, heats in
            for pixel in rows.lowerBound * a.width..<rows.upperBound * a.width {
                var most = 0
                for sample in pixel * channels..<(pixel + 1) * channels {
                    most = max(most, abs(Int(a.samples[sample]) - Int(b.samples[sample])))
                }
                let heat = most == 0 ? 0 : 0.2 + 0.8 * Double(most) / Double(largest)
                for c in 0..<3 {
                    let part = min(max(3 * heat - Double(c), 0), 1)
                    heats[3 * pixel + c] = UInt16((255 * part).rounded())
                }
            }
        }
        return Image(width: a.width, height: a.height, channels: 3, samples: samples)
    }
}
