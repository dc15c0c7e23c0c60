import Foundation
import Imaging

/// A folder of masks, found by the names of their pictures: `a.png`, `a_mask.png`, `a-mask.png`, `a.mask.png`,
/// `a mask.png`, `mask_a.png` and `mask-a.png` are masks of `a.jpg`, in small or capital letters.
public struct MaskFolder: Sendable {
    /// Its path.
    let path: String
    /// Paths from the folder, by their names without ending and sign of a mask, in small letters.
    private let files: [String: [String]]

    /// Lists the folder and those inside of it.
    init(_ path: String) {
        self.path = path
        var files: [String: [String]] = [:]
        for file in FileManager.default.subpaths(atPath: path) ?? [] {
            guard ImageFormat(pathExtension: (file as NSString).pathExtension) != nil
            else { continue }
            let name = (file as NSString).deletingPathExtension
            files[name.lowercased(), default: []].append(file)
            let (folder, own) = Self.parts(name)
            if let stem = Self.stem(ofMask: own) {
                files[(folder + stem).lowercased(), default: []].append(file)
            }
        }
        self.files = files.mapValues { $0.sorted() }
    }

    /// A path's folder, empty or with its slash, and what follows. (`NSString`'s ways trap on one letter.)
    private static func parts(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[...slash]), String(path[path.index(after: slash)...]))
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
        let base = (path as NSString).appendingPathComponent(item.folder + item.stem)
        let own = (item.input as NSString).deletingPathExtension
        return FilePath.resolved(URL(filePath: base)) == FilePath.resolved(URL(filePath: own))
    }

    /// The path of a picture's mask: of several, the one whose name is nearest to the picture's. Where there
    /// is none, the path that is missing.
    func mask(of item: BatchList.Item) -> String {
        let name = item.folder + item.stem
        let isBeside = isBeside(item)
        let found = (files[name.lowercased()] ?? []).filter { file in
            let stem = Self.parts((file as NSString).deletingPathExtension).name
            return !isBeside || Self.stem(ofMask: stem) != nil && stem != item.stem
        }
        let best = found.min { rank($0, name) < rank($1, name) }
        return (path as NSString).appendingPathComponent(
            best ?? name + (isBeside ? "_mask" : "") + ".png")
    }

    /// The smaller, the better a file fits: its very name first, then with a sign, and usual endings first.
    private func rank(_ file: String, _ name: String) -> (Int, Int) {
        let stem = (file as NSString).deletingPathExtension
        let names = [name, name + "_mask", name + "-mask"]
        let ending = (file as NSString).pathExtension.lowercased()
        return (
            names.firstIndex(of: stem) ?? names.count,
            ImageFormat.pathExtensions.firstIndex(of: ending) ?? ImageFormat.pathExtensions.count
        )
    }
}
