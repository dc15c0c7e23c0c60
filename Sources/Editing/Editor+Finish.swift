import Imaging
import Recipes

extension Editor {
    /// The picture as it may be written: allowed by the model's safety checker, watermarked if that
    /// is asked for.
    ///
    /// - Throws: `EditingError.refused`.
    func finished(
        _ picture: Image, _ edit: Edit, _ recipe: Recipe, _ safety: SafetyCheck?,
        _ log: inout EditLog
    ) throws -> Image {
        try safety?.require(picture, by: model.name)
        guard !recipe.watermark.isEmpty else { return picture }
        let message = Array(recipe.watermark.utf8)
        let marked = picture.watermarked(message, within: edit.mask)
        if marked.watermark(length: message.count) != message {
            log.note(["the watermark cannot be read back: the changed part is too small or grey"])
        }
        return marked
    }
}
