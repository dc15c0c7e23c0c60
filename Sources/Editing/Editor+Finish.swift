public import Imaging
import Recipes

extension Editor {
    /// The picture as it may be written: allowed by the model's safety checker, with a text as a watermark
    /// if that is asked for.
    ///
    /// - Throws: `EditingError.refused`.
    func finished(
        _ picture: Image, _ edit: Edit, _ safety: SafetyCheck?
    ) throws -> Image {
        try safety?.require(picture, by: model.name)
        guard case .text(let text, let method) = Watermark(edit.recipe.watermark) else {
            return picture
        }
        return picture.watermarked(text, by: method, within: edit.mask)
    }
}

/// What a recipe's `watermark` asks for.
public enum Watermark: Sendable, Equatable {
    /// None: nothing, or `off`.
    case none
    /// `on`: a mark that names the manifest, put in once all edits are done.
    case mark
    /// A text, for the decoders of the package `invisible-watermark`: of its method `dwtDct`, or of the one
    /// that is named in front of it with a colon, as in `dwtDctSvd:Jane`.
    case text([UInt8], WatermarkMethod)

    /// What the words of a recipe ask for.
    public init(_ words: String) {
        switch words {
        case "", "off": self = .none
        case "on": self = .mark
        default:
            for method in WatermarkMethod.allCases where words.hasPrefix(method.rawValue + ":") {
                let text = Array(words.utf8.dropFirst(method.rawValue.utf8.count + 1))
                self = text.isEmpty ? .none : .text(text, method)
                return
            }
            self = .text(Array(words.utf8), .dwtDct)
        }
    }
}

extension Image {
    /// Whether that text can be read from the picture as a watermark.
    public func holds(_ watermark: Watermark) -> Bool {
        guard case .text(let text, let method) = watermark else { return true }
        return self.watermark(length: text.count, by: method) == text
    }
}
