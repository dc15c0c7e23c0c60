import Foundation
import Imaging
import Recipes

extension Request.Edit {
    /// Gives each ControlNet that reads a folder the file in it that is named as a picture is; one that is
    /// missing is then not found.
    func readingMaps(of item: BatchList.Item) -> Request.Edit {
        var edit = self
        for place in edit.recipe.controls.indices {
            guard let folder = edit.recipe.controls[place].reads else { continue }
            let path = FilePath.literal(folder)
            guard FolderSearch.isFolder(URL(filePath: path)) else { continue }
            let base = (path as NSString).appendingPathComponent(item.folder + item.stem)
            edit.recipe.controls[place].reads = Self.picture(called: base) ?? base + ".png"
        }
        return edit
    }

    /// The first picture of that name, with an ending in small or in capital letters.
    private static func picture(called name: String) -> String? {
        let endings = ImageFormat.pathExtensions
        return (endings + endings.map { $0.uppercased() }).lazy.map { name + "." + $0 }
            .first { FileManager.default.fileExists(atPath: $0) }
    }
}
