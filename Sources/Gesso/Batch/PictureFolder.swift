import Files
import Foundation
import Imaging

/// The pictures of a folder and of those inside of it, by their names without endings, in small or capital letters.
struct PictureFolder: Sendable {
    /// Its path.
    let path: String
    /// Paths from the folder, by their names without ending and by other names, in small letters.
    private let files: [String: [String]]

    /// Lists the folder.
    ///
    /// - Parameter other: a further name of a file whose name without ending is given; nil for none.
    init(_ path: String, alsoCalled other: (String) -> String? = { _ in nil }) {
        self.path = path
        var files: [String: [String]] = [:]
        for file in FileManager.default.subpaths(atPath: path) ?? [] {
            guard ImageFormat(pathExtension: file.pathEnding) != nil
            else { continue }
            let name = file.withoutPathEnding
            files[name.lowercased(), default: []].append(file)
            let (folder, own) = name.folderAndName
            if let stem = other(own) {
                files[(folder + stem).lowercased(), default: []].append(file)
            }
        }
        self.files = files.mapValues { $0.sorted() }
    }

    /// The path of a picture of a name: of several, the one whose name is nearest to it.
    ///
    /// - Parameters:
    ///   - names: the exact names in the order in which they are preferred.
    ///   - isMeant: whether a name without ending and folder counts.
    func picture(
        called name: String, preferring names: [String],
        where isMeant: (String) -> Bool = { _ in true }
    ) -> String? {
        func rank(_ file: String) -> (Int, Int) {
            let stem = file.withoutPathEnding
            let ending = file.pathEnding.lowercased()
            let endings = ImageFormat.pathExtensions
            return (
                names.firstIndex(of: stem) ?? names.count,
                endings.firstIndex(of: ending) ?? endings.count
            )
        }
        let found = (files[name.lowercased()] ?? []).filter {
            isMeant($0.withoutPathEnding.folderAndName.name)
        }
        return found.min { rank($0) < rank($1) }.map(full)
    }

    /// The path of a file from the folder.
    func full(_ file: String) -> String { (path as NSString).appendingPathComponent(file) }
}
