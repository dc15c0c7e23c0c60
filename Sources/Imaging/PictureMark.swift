import Files
public import FoundationEssentials

/// A mark in the colours of a picture that names the manifest of its history, and that is read from it
/// after compression, scaling and cropping.
///
/// It is a spread-spectrum mark (Cox, Kilian, Leighton and Shamoon 1997): the blue-difference channel U
/// goes up or down a little, chip by chip of 6x6 pixels. Tiles of 20x20 chips repeat from the top left
/// corner on, so that any part of a picture of the size of one holds all of the mark (Kutter 1998). Some
/// chips of a tile are the same in all pictures: where they are found shows how the picture was scaled and
/// cropped. The others hold the bits of a name and of its checksum. A chip that the picture itself
/// opposes is moved farther than one that it supports (Malvar and Florêncio 2003).
public struct PictureMark: Sendable, Hashable, CustomStringConvertible {
    /// The name of the way it is read, for soft bindings of C2PA. A change of any number here is another
    /// one.
    public static let algorithm = "gesso.tiles.1"

    /// Bytes of a name.
    private static let nameSize = 6
    /// Side of a chip in pixels.
    static let chip = 6
    /// Side of a tile in chips.
    static let tile = 20

    /// The name: the first bytes of a manifest's UUID.
    public let name: [UInt8]

    /// The mark that names a manifest.
    public init(_ manifest: UUID) {
        name = withUnsafeBytes(of: manifest.uuid) { Array($0.prefix(Self.nameSize)) }
    }

    /// The mark whose name and checksum these bits are, the checksum last; nil where they do not agree.
    init?(bits: [Bool]) {
        let bytes = stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<min(start + 8, bits.count)].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
        name = Array(bytes.prefix(Self.nameSize))
        guard bits == self.bits else { return nil }
    }

    /// Its bits: those of the name and those of its checksum.
    var bits: [Bool] {
        let bytes = name + [16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> $0) }
        return bytes.flatMap { byte in (0..<8).map { byte >> UInt8(7 - $0) & 1 == 1 } }
    }

    /// CRC-24 (RFC 9580, 6.1) of the program's name and the mark's.
    private var checksum: UInt32 {
        var sum: UInt32 = 0xB704CE
        for byte in Array("Gesso".utf8) + name {
            sum ^= UInt32(byte) << 16
            for _ in 0..<8 {
                sum <<= 1
                if sum & 0x100_0000 != 0 { sum ^= 0x186_4CFB }
            }
        }
        return sum
    }

    /// The name in hexadecimal.
    public var description: String {
        name.hexadecimal
    }

    /// What the names of the manifests that it may mean begin with.
    public var manifestPrefix: String {
        "urn:c2pa:" + description.prefix(8) + "-" + description.dropFirst(8)
    }

    /// A chip of a tile and the sign that it has, or has for a bit of 1.
    struct Chip {
        let place: Int
        let sign: Float
    }

    /// The chips that are the same in all pictures.
    static let fixedChips = Array(drawn.prefix(112))
    /// The chips of each bit.
    static let chipsOfBits: [[Chip]] = {
        let count = 8 * (nameSize + 3)
        var chips = [[Chip]](repeating: [], count: count)
        for (index, chip) in drawn.dropFirst(fixedChips.count).enumerated() {
            chips[index % count].append(chip)
        }
        return chips
    }()

    /// All chips of a tile in an order by chance, with signs by chance, the same everywhere.
    private static let drawn: [Chip] = {
        var random = SplitMix(state: 0x6765_7373_6F)
        var places = Array(0..<tile * tile)
        for last in places.indices.dropFirst().reversed() {
            places.swapAt(last, random.below(last + 1))
        }
        return places.map { Chip(place: $0, sign: random.below(2) == 0 ? -1 : 1) }
    }()

    /// The signs of a tile's chips.
    var signs: [Float] {
        var signs = [Float](repeating: 0, count: Self.tile * Self.tile)
        for chip in Self.fixedChips { signs[chip.place] = chip.sign }
        for (bit, chips) in zip(bits, Self.chipsOfBits) {
            for chip in chips { signs[chip.place] = bit ? chip.sign : -chip.sign }
        }
        return signs
    }
}

extension Image {
    /// The picture with the mark in its colours, wherever `mask` is above zero; all other pixels stay as
    /// they are. A grey picture has no colours to hold it and stays as it is.
    ///
    /// Chips move by about 1 to 4 levels of U of 255, those of parts below 512x512 pixels by up to 8.
    public func carrying(_ mark: PictureMark, within mask: Mask? = nil) -> Image {
        guard !isGrey else { return self }
        var image = self
        let area = mask.map { mask in mask.values.count { $0 > 0 } } ?? width * height
        // A small part has fewer chips for each bit, which must make up for it.
        let strength = min(max(3.5 * (65_536 / Float(max(area, 1))).squareRoot(), 2.5), 5)
        let plane = BluePlane(self)
        let residue = plane.minusMeans(radius: BluePlane.radius(scale: 1))
        let signs = mark.signs
        let (chip, tile) = (PictureMark.chip, PictureMark.tile)
        for top in stride(from: 0, to: height, by: chip) {
            for left in stride(from: 0, to: width, by: chip) {
                let (rows, columns) = (
                    top..<min(top + chip, height), left..<min(left + chip, width)
                )
                var sum: Float = 0
                for y in rows { for x in columns { sum += residue.values[y * width + x] } }
                let mean = sum / Float(rows.count * columns.count)
                let sign = signs[top / chip % tile * tile + left / chip % tile]
                let change = min(max(strength - sign * mean, strength / 3), strength * 5 / 3)
                for y in rows {
                    for x in columns where mask.map({ $0.values[y * width + x] > 0 }) ?? true {
                        image.shiftBlueDifference(x: x, y: y, by: sign * change)
                    }
                }
            }
        }
        return image
    }

    /// Whether the mark can be read from the picture, which is neither scaled nor cropped.
    public func holds(_ mark: PictureMark) -> Bool {
        !isGrey && MarkSearch(BluePlane(self)).atItsSize()?.mark == mark
    }

    /// The mark that a picture has, whatever part of a marked one it is, at half to twice its size; nil
    /// where none is found.
    ///
    /// Time grows with the number of pixels. A picture without a mark is taken for one that has some mark
    /// about once in 10,000 times: of 48 places that are read at the most, 32 readings each, one of 16
    /// million has the right checksum by chance.
    public func foundMark() -> FoundMark? {
        isGrey ? nil : MarkSearch(BluePlane(self)).anywhere()
    }
}

/// A mark that was found in a picture.
public struct FoundMark: Sendable, Equatable {
    /// The mark.
    public let mark: PictureMark
    /// How much larger the picture is than when it was marked.
    public let scale: Double
}
