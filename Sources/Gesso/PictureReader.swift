import Credentials
import Files
import Foundation
public import Imaging
public import Recipes

/// Reads the pictures of a request, each once, and notes their hashes.
final class PictureReader {
    private let pictures: [String: Picture]
    private let note: (String) -> Void
    private var masks: [String: Image] = [:]
    /// The size of the picture to be edited, once it is read.
    private var size: (width: Int, height: Int)?
    /// The pictures that were read, with the hashes of their bytes.
    private(set) var inputs: [String: Picture] = [:]

    /// What is known of them beside their bytes; empty unless credentials are checked.
    private(set) var records: [String: PictureRecord] = [:]
    private let checksCredentials: Bool

    /// - Parameters:
    ///   - checksCredentials: whether those of the pictures go into those of the result.
    ///   - note: is given what is odd about a picture.
    init(
        _ pictures: [String: Picture], checksCredentials: Bool, note: @escaping (String) -> Void
    ) {
        (self.pictures, self.checksCredentials, self.note) = (pictures, checksCredentials, note)
    }

    /// The picture to be edited.
    func source() throws -> Image {
        let (image, picture, data) = try read(Request.source)
        size = (image.width, image.height)
        if !checksCredentials, EmbeddedManifest(in: picture.origin ?? data) != nil {
            note(
                "\(picture.name): its Content Credentials (C2PA) do not hold for the result and "
                    + "were left out")
        }
        return image
    }

    /// A picture that a mask of an edit is read from, or a map for a ControlNet.
    ///
    /// - Parameter recipe: the settings of an edit whose mask it is, which is checked for what is unlikely
    ///   to be a mask; nil for a map.
    func mask(_ name: String, _ recipe: Recipe?) throws -> Image {
        if let known = masks[name] { return known }
        let (image, picture, _) = try read(name)
        if let recipe, let doubt = image.doubt(asMaskOf: recipe, forSize: size) {
            note("\(picture.name): \(doubt)")
        }
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
        if checksCredentials { records[name] = record(picture, picture.origin ?? data) }
        return (image, picture, data)
    }

    private func record(_ picture: Picture, _ data: Data) -> PictureRecord {
        let mediaType = ImageFormat(sniffing: data)?.mediaType ?? "application/octet-stream"
        let hash = picture.origin.map { Digest.joined([Digest.sha256($0)]) }
        guard let embedded = EmbeddedManifest(in: data) else {
            return PictureRecord(mediaType: mediaType, hash: hash, provenance: nil)
        }
        guard embedded.store.count <= Self.mostKept,
            let store = ManifestStore(decoding: embedded.store)
        else {
            note(
                "\(picture.name): its Content Credentials (C2PA) are broken or too large and were "
                    + "left out")
            return PictureRecord(mediaType: mediaType, hash: hash, provenance: nil)
        }
        let report = store.validated(in: data, at: embedded.blocks)
        if report.state == .invalid {
            note(
                "\(picture.name): its Content Credentials (C2PA) are not valid, which those of the "
                    + "result record")
        }
        return PictureRecord(mediaType: mediaType, hash: hash, provenance: report)
    }

    /// Bytes of credentials that go on into those of the result; a camera's have some hundred thousand.
    private static let mostKept = 16 << 20
}

extension Image {
    /// What is doubtful about the picture as a mask of an edit with these settings, and what helps; nil for a
    /// plain mask.
    ///
    /// - Parameter size: that of the picture; nil where it is not known. A mask of another size is refused unless it
    ///   is scaled, and the error is all that is said of it then.
    public func doubt(
        asMaskOf recipe: Recipe, forSize size: (width: Int, height: Int)?
    ) -> String? {
        let fits = size.map { $0 == (width, height) } ?? true
        guard recipe.maskMode == .hard, recipe.fitMask || fits else { return nil }
        return doubtAsMask(threshold: max(recipe.maskThreshold, 1))?.note
    }
}

extension MaskDoubt {
    /// What is wrong and what helps.
    fileprivate var note: String {
        switch self {
        case .shapeInAlpha:
            "its colours are black and its shape is in its transparency: what is opaque is the mask; "
                + "invert the mask for the rest"
        case .faint(let lightest):
            "this mask is half transparent, its lightest part is \(lightest) of 255: lower the mask threshold "
                + "to \(lightest), or make it opaque"
        case .dark(let lightest):
            "this mask is dark, its lightest grey is \(lightest) of 255: lower the mask threshold to "
                + "\(lightest)"
        case .colored(let lightest):
            "this mask is coloured, its lightest grey is \(lightest) of 255: lower the mask threshold "
                + "to \(lightest), or paint it white"
        case .tinted:
            "this mask is coloured: colours as light as the mask threshold are repainted; give a "
                + "picture in black and white"
        case .deep(let lightest):
            "this mask is dark, its lightest grey is \(lightest) of 65535: save it with 8 bits a "
                + "sample, or paint it white"
        case .light(let darkest, let lightest):
            "this mask is light all over, from \(darkest) to \(lightest) of 255: raise the mask "
                + "threshold to \(lightest)"
        case .photo:
            "this mask has as many colours or greys as a photo: its light parts are repainted; give a "
                + "picture in black and white"
        case .photoWithHole:
            "this mask is a photo with a hole in its transparency: its light parts are repainted, not the "
                + "hole; give a picture in black and white, the hole in white"
        }
    }
}
