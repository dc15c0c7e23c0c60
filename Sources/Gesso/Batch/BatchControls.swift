import Editing
import Foundation
import Imaging
import Recipes

/// The folders from which the ControlNets of a batch read their maps and masks.
struct BatchControls {
    /// Those that were listed, by their paths; nil for what is no folder.
    private var folders: [String: PictureFolder?] = [:]

    /// The edit with the file that is named as a picture is in the place of each folder; one that is missing
    /// is then not found.
    mutating func edit(_ edit: Request.Edit, of item: BatchList.Item) -> Request.Edit {
        var edit = edit
        edit.recipe.controls = edit.recipe.controls.map { choice in
            choice.renamingPictures { name in
                guard let folder = folder(FilePath.literal(name)) else { return name }
                let picture = item.folder + item.stem
                return folder.picture(called: picture, preferring: [picture])
                    ?? folder.full(picture + ".png")
            }
        }
        return edit
    }

    private mutating func folder(_ path: String) -> PictureFolder? {
        if let known = folders[path] { return known }
        let folder = FolderSearch.isFolder(URL(filePath: path)) ? PictureFolder(path) : nil
        folders[path] = .some(folder)
        return folder
    }
}
