/// What Photoshop keeps in a JPEG's APP13 markers, IPTC's older data among it: resources, each of
/// them `8BIM`, a number, a name and so many bytes, names and bytes filled up to an even length
/// (Adobe Photoshop File Formats Specification, "Image Resource Blocks").
enum PhotoshopResources {
    static let prefix = Array("Photoshop 3.0\0".utf8)
    /// Thumbnails, which would go on showing the picture before the edit, and copies of EXIF and XMP, which
    /// may hold more of them.
    private static let pictures = [1033, 1036, 1058, 1059, 1060]

    /// The resources without pictures; nil when they are broken.
    static func withoutPictures(_ bytes: [UInt8]) -> [UInt8]? {
        var kept: [UInt8] = []
        var position = 0
        while position + 12 <= bytes.count {
            guard let end = end(ofResourceAt: position, in: bytes) else { return nil }
            let number = Int(bytes[position + 4]) << 8 | Int(bytes[position + 5])
            if !pictures.contains(number) { kept += bytes[position..<end] }
            position = end
        }
        return bytes[position...].allSatisfy { $0 == 0 } ? kept : nil
    }

    private static func end(ofResourceAt start: Int, in bytes: [UInt8]) -> Int? {
        guard bytes[start..<start + 4].elementsEqual("8BIM".utf8) else { return nil }
        let nameLength = Int(bytes[start + 6]) + 1
        let sizeAt = start + 6 + nameLength + nameLength % 2
        guard sizeAt + 4 <= bytes.count else { return nil }
        let size = bytes[sizeAt..<sizeAt + 4].reduce(0) { $0 << 8 | Int($1) }
        let end = sizeAt + 4 + size
        guard end <= bytes.count else { return nil }
        return min(end + size % 2, bytes.count)
    }
}
