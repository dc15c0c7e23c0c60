import Files
import Foundation
import Imaging

/// Reads the pictures of a request, each once, and notes their hashes.
final class PictureReader {
    private let pictures: [String: Picture]
    private let note: (String) -> Void
    private var masks: [String: Image] = [:]
    /// The pictures that were read, with the hashes of their bytes.
    private(set) var inputs: [String: Picture] = [:]

    /// - Parameter note: is given what is odd about a picture.
    init(_ pictures: [String: Picture], note: @escaping (String) -> Void) {
        (self.pictures, self.note) = (pictures, note)
    }

    /// The picture to be edited.
    func source() throws -> Image {
        let (image, picture, data) = try read(Request.source)
        if holdsContentCredentials(data) {
            note(
                "\(picture.name): its Content Credentials (C2PA) do not hold for the result and "
                    + "were left out")
        }
        return image
    }

    /// A picture that a mask is read from.
    func mask(_ name: String) throws -> Image {
        if let known = masks[name] { return known }
        let image = try read(name).image
        masks[name] = image
        return image
    }

    private func read(_ name: String) throws -> (image: Image, picture: Picture, data: Data) {
        guard var picture = pictures[name] else {
            throw GessoError(
                .usage, "no picture '\(name.prefix(40))'", at: "request",
                remedy: .namePicture(name))
        }
        let data = try picture.bytes()
        picture.sha256 = Digest.sha256(data)
        inputs[name] = picture
        let image = try Image(decoding: data, name: picture.name)
        for warning in image.metadata.warnings { note("\(picture.name): \(warning)") }
        return (image, picture, data)
    }
}
