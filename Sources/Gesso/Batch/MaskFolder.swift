import Foundation
import Imaging

/// A folder of masks, found by the names of their pictures: `a.png`, `a_mask.png`, `a-mask.png`, `a.mask.png`,
/// `a mask.png`, `mask_a.png` and `mask-a.png` are masks of `a.jpg`, in small or capital letters.
public struct MaskFolder: Sendable {
    private let pictures: PictureFolder
    /// Its path, as it was given.
    let path: String
    /// Its path, links in it followed.
    private let root: String

    /// Lists the folder and those inside of it.
    init(_ path: String) {
        pictures = PictureFolder(path, alsoCalled: Self.stem(ofMask:))
        self.path = path
        root = FilePath.resolved(URL(filePath: path))
    }

    private static let suffixes = ["_mask", "-mask", ".mask", " mask"]
    private static let prefixes = ["mask_", "mask-"]

    /// The picture that a mask is of, both without their endings; nil for a name that has no sign of a mask.
    static func stem(ofMask stem: String) -> String? {
        let small = stem.lowercased()
        if let sign = suffixes.first(where: { small.hasSuffix($0) && small != $0 }) {
            return String(stem.dropLast(sign.count))
        }
        let sign = prefixes.first { small.hasPrefix($0) && small != $0 }
        return sign.map { String(stem.dropFirst($0.count)) }
    }

    /// Whether a picture is in this folder, where only the sign of a mask tells masks from pictures.
    func isBeside(_ item: BatchList.Item) -> Bool {
        let base = pictures.full(item.folder + item.stem)
        let own = item.input.withoutPathEnding
        return FilePath.resolved(URL(filePath: base)) == FilePath.resolved(URL(filePath: own))
    }

    /// Whether a picture lies in this folder or one inside of it.
    func holds(_ item: BatchList.Item) -> Bool {
        FilePath.resolved(URL(filePath: item.input)).hasPrefix(root + "/")
    }

    /// The path of a picture's mask: of several, the one whose name is nearest to the picture's; nil where there
    /// is none.
    func mask(of item: BatchList.Item) -> String? {
        let name = item.folder + item.stem
        let isBeside = isBeside(item)
        return pictures.picture(
            called: name, preferring: [name, name + "_mask", name + "-mask"]
        ) { !isBeside || Self.stem(ofMask: $0) != nil && $0 != item.stem }
    }
}
