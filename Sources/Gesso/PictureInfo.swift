import Files
package import Foundation
package import Imaging
package import Recipes

/// What a picture's file is and holds, its settings among it.
package struct PictureInfo {
    /// The picture.
    package let image: Image
    /// Its format's name.
    package let format: String
    /// What metadata there is, in words for people and programs.
    package let kinds: [String]
    /// The settings that it was made with; nil where it holds none that can be read.
    package let settings: PictureSettings?
    /// The other program whose settings cannot be read; nil where there is none.
    package let otherProgram: String?
    /// Its Content Credentials.
    package let credentials: CredentialsCheck
    /// The mark that it carries; nil where none is found, or none was sought.
    package let watermark: WatermarkFinding?
    private let data: Data

    /// - Parameter findsWatermark: whether a mark is sought, which takes seconds.
    /// - Throws: `ImagingError` for what is no picture.
    package init(_ data: Data, named name: String, findsWatermark: Bool = false) throws {
        self.data = data
        image = try Image(decoding: data, name: name)
        credentials = CredentialsCheck(data)
        watermark = findsWatermark ? WatermarkFinding(image, credentials) : nil
        format = ImageFormat(sniffing: data)?.rawValue ?? ""
        kinds = image.metadata.kinds + (credentials.areThere ? ["C2PA"] : [])
        do {
            (settings, otherProgram) = (try PictureSettings(of: image, name), nil)
        } catch RecipeError.otherProgram(let program, _) {
            (settings, otherProgram) = (nil, program)
        }
    }

    /// The same as JSON.
    package func document(path: String) -> some Encodable {
        let metadata = image.metadata
        return Document(
            path: path, format: format.lowercased(), bytes: data.count,
            sha256: Digest.sha256(data), pixelsSha256: Digest.of(pixels: image),
            width: image.width, height: image.height, channels: image.channels,
            depth: image.depth, metadata: kinds,
            textKeywords: metadata.text.map(\.keyword),
            digitalSourceType: metadata.statedDigitalSourceType,
            parameters: settings.map(Parameters.init),
            credentials: credentials.areThere ? credentials.document : nil,
            watermark: watermark,
            warnings: metadata.warnings + metadata.losses)
    }

    private struct Document: Encodable {
        let schema = "gesso.info/1"
        let path: String
        let format: String
        let bytes: Int
        let sha256: String
        let pixelsSha256: String
        let width: Int
        let height: Int
        let channels: Int
        let depth: Int
        let metadata: [String]
        let textKeywords: [String]
        let digitalSourceType: String?
        let parameters: Parameters?
        let credentials: CredentialsCheck.Document?
        let watermark: WatermarkFinding?
        let warnings: [String]
    }

    private struct Parameters: Encodable {
        let program: String
        let text: String
        let prompt: String
        let negativePrompt: String
        let settings: [String: String]

        init(_ stored: PictureSettings) {
            program = stored.program
            text = stored.text
            prompt = stored.prompt
            negativePrompt = stored.negativePrompt
            settings = Dictionary(
                stored.entries.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
    }
}

extension ImageMetadata {
    /// What there is, in words for people and programs.
    fileprivate var kinds: [String] {
        let kinds: [(String, Bool)] = [
            ("EXIF", exif != nil), ("ICC profile", iccProfile != nil), ("XMP", xmp != nil),
            ("parameters", parameters != nil), ("text", !text.isEmpty),
            ("comments", !comments.isEmpty), ("IPTC or Photoshop data", photoshopResources != nil),
            ("colour chunks", !pngChunks.isEmpty), ("resolution", resolution != nil),
        ]
        return kinds.filter(\.1).map(\.0)
    }
}
