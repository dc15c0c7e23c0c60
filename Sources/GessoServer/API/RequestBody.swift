package import Foundation
import Gesso

/// The JSON bodies that describe a picture, as their routes read them.
package enum RequestBody: String, CaseIterable, Sendable {
    /// AUTOMATIC1111's `txt2img`.
    case txt2img = "sdapi-txt2img"
    /// AUTOMATIC1111's `img2img`.
    case img2img = "sdapi-img2img"
    /// OpenAI's `images/generations`.
    case openAI = "openai"
    /// Gesso's own `jobs`.
    case own = "jobs"

    /// What the body asks for; of an `img2img` without its pictures, and without a model.
    ///
    /// - Throws: what the route answers.
    package func order(in body: Data) throws -> Order {
        var fields = try Fields(body.isEmpty ? .null : JSONValue(reading: body))
        switch self {
        case .txt2img, .img2img:
            var reader = PictureRequestReader(fields, [:], isImageToImage: self == .img2img)
            return try reader.read(nil, []).order
        case .openAI: return try ImageRequest(&fields, []).order
        case .own:
            let order = try Order(own: &fields)
            try fields.check()
            return order
        }
    }
}
