public import Imaging
import Recipes

extension Editor {
    /// The picture as it may be written: allowed by the model's safety checker, watermarked if that
    /// is asked for.
    ///
    /// - Throws: `EditingError.refused`.
    func finished(
        _ picture: Image, _ edit: Edit, _ safety: SafetyCheck?
    ) throws -> Image {
        try safety?.require(picture, by: model.name)
        guard !edit.recipe.watermark.isEmpty else { return picture }
        return picture.watermarked(Array(edit.recipe.watermark.utf8), within: edit.mask)
    }
}

extension Image {
    /// Whether that text can be read from the picture as a watermark.
    public func holds(_ watermark: String) -> Bool {
        let message = Array(watermark.utf8)
        return message.isEmpty || self.watermark(length: message.count) == message
    }
}
