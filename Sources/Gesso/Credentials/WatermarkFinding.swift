import Credentials
import Imaging

/// The mark that a picture carries, and the manifest that it leads to.
package struct WatermarkFinding: Encodable {
    private let algorithm = PictureMark.algorithm
    /// What the mark says, in hexadecimal.
    private let value: String
    /// How much larger the picture is than when it was marked.
    private let scale: Double
    /// What the manifest's name begins with.
    private let manifestPrefix: String
    /// The name of the manifest in the file that has the mark as its soft binding; nil where none has.
    private let manifest: String?

    /// Nil where the picture carries no mark.
    init?(_ image: Image, _ credentials: CredentialsCheck) {
        guard let found = image.foundMark() else { return nil }
        (value, scale) = (found.mark.description, found.scale)
        manifestPrefix = found.mark.manifestPrefix
        manifest = credentials.manifest(of: found.mark)
    }

    /// The same in a sentence.
    package var line: String {
        let size =
            abs(scale - 1) < 0.005 ? "" : ", at \(Int((scale * 100).rounded())) % of its size"
        let place =
            manifest.map { "names the manifest \($0) of this file" }
            ?? "the manifest that it names, \(manifestPrefix)-..., is not in this file"
        return "Gesso's mark \(value)\(size): \(place)"
    }
}
