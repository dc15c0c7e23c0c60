import Editing
import Imaging
import Recipes

extension EditRun {
    /// The edit that its verb makes of a picture; of none, from words alone.
    ///
    /// - Parameters:
    ///   - masks: what is repainted, where the verb is for a part of the picture.
    func prepared(_ source: Image?, masks: [MaskPart] = []) throws -> Prepared {
        guard let source else {
            return .forModel { .textToImage(recipe, defaultSize: $0.nativeSize) }
        }
        switch verb {
        case .inpaint: return .edit(try masks.edit(of: source, self))
        case .outpaint: return .edit(try .outpaint(source, recipe))
        case .upscale: return .edit(try .upscale(source, recipe))
        case .instruct: return .edit(.instruct(source, recipe))
        case .imageToImage, .textToImage: return .edit(.imageToImage(source, recipe))
        }
    }
}
