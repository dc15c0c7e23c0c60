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
            let files = ImageFormat.pathExtensions.flatMap { [$0, $0.uppercased()] }
                .map { base + "." + $0 }
            edit.recipe.controls[place].reads =
                files.first { FileManager.default.fileExists(atPath: $0) } ?? base + ".png"
        }
        return edit
    }
}
