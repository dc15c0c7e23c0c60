/// What Photoshop keeps in a JPEG's APP13 markers, IPTC's older data among it: resources, each of
/// them `8BIM`, a number, a name and so many bytes, names and bytes filled up to an even length
/// (Adobe Photoshop File Formats Specification, "Image Resource Blocks").
enum PhotoshopResources {
    static let prefix = Array("Photoshop 3.0\0".utf8)
    /// Thumbnails, which would go on showing the picture before the edit, and copies of EXIF and XMP, which
    /// may hold more of them.
    private static let pictures = [1033, 1036, 1058, 1059, 1060]
    private static let iptcNumber = 1028
    /// Guides, slices and counted things, which are at pixels.
    private static let (guides, slices, counts) = (1032, 1050, 1080)
    /// The bytes of a grid in front of the guides.
    private static let gridSize = 16
    /// The path that is worked on, others by their names, and which of them is the outline: in parts of the sides.
    private static let workPath = 1025
    private static let paths = 2000...2999

    /// The resources without pictures; nil when they are broken.
    static func withoutPictures(_ bytes: [UInt8]) -> [UInt8]? {
        var kept: [UInt8] = []
        let isWhole = forEach(in: bytes) { resource in
            if pictures.contains(resource.number) { return }
            let data = bytes[resource.data]
            let shown = resource.number == iptcNumber ? IPTC.withoutPictures(data) : Array(data)
            // What follows the data sets fills them up.
            kept +=
                data.starts(with: shown) && data.dropFirst(shown.count).allSatisfy { $0 == 0 }
                ? bytes[resource.all] : iptcResource(shown)[...]
        }
        return isWhole ? kept : nil
    }

    /// The resources without what is at places in the frame, and whether somebody put any there: every file of
    /// Photoshop has a grid and one slice of all of it. With paths where the frame shows what it showed.
    static func withoutPlaces(
        _ bytes: [UInt8], keepsPaths: Bool
    ) -> (resources: [UInt8], found: Bool) {
        var (kept, found) = ([UInt8](), false)
        _ = forEach(in: bytes) { resource in
            switch resource.number {
            case guides: found = found || resource.data.count > gridSize
            case slices: break
            case counts: found = true
            case workPath where !keepsPaths, paths where !keepsPaths: found = true
            default: kept += bytes[resource.all]
            }
        }
        return (kept, found)
    }

    /// The resources with those of others that have other numbers.
    static func joined(_ bytes: [UInt8], _ others: [UInt8]) -> [UInt8] {
        var numbers: Set<Int> = []
        var result = bytes
        _ = forEach(in: bytes) { numbers.insert($0.number) }
        _ = forEach(in: others) { resource in
            guard !numbers.contains(resource.number) else { return }
            if result.count % 2 == 1 { result.append(0) }
            result += others[resource.all]
        }
        return result
    }

    /// IPTC's data in the resources; nil without any.
    static func iptc(in bytes: [UInt8]) -> [UInt8]? {
        var found: [UInt8]?
        _ = forEach(in: bytes) { resource in
            if resource.number == iptcNumber, found == nil { found = Array(bytes[resource.data]) }
        }
        return found
    }

    /// A resource that holds IPTC's data.
    static func iptcResource(_ data: [UInt8]) -> [UInt8] {
        let size = (0..<4).reversed().map { UInt8(truncatingIfNeeded: data.count >> (8 * $0)) }
        return Array("8BIM".utf8) + [UInt8(iptcNumber >> 8), UInt8(iptcNumber & 0xFF), 0, 0] + size
            + data + (data.count % 2 == 1 ? [0] : [])
    }

    /// A resource: where it is, and where its data is in it.
    private struct Resource {
        let number: Int
        let all: Range<Int>
        let data: Range<Int>
    }

    /// Takes one resource after the other; false when they are broken.
    private static func forEach(in bytes: [UInt8], _ body: (Resource) -> Void) -> Bool {
        var position = 0
        while position + 12 <= bytes.count {
            guard let resource = resource(at: position, in: bytes) else { return false }
            body(resource)
            position = resource.all.upperBound
        }
        return bytes[position...].allSatisfy { $0 == 0 }
    }

    private static func resource(at start: Int, in bytes: [UInt8]) -> Resource? {
        guard bytes[start..<start + 4].elementsEqual("8BIM".utf8) else { return nil }
        let nameLength = Int(bytes[start + 6]) + 1
        let sizeAt = start + 6 + nameLength + nameLength % 2
        guard sizeAt + 4 <= bytes.count else { return nil }
        let size = bytes[sizeAt..<sizeAt + 4].reduce(0) { $0 << 8 | Int($1) }
        let end = sizeAt + 4 + size
        guard end <= bytes.count else { return nil }
        return Resource(
            number: Int(bytes[start + 4]) << 8 | Int(bytes[start + 5]),
            all: start..<min(end + size % 2, bytes.count), data: sizeAt + 4..<end)
    }
}
