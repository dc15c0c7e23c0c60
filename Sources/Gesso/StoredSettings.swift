import Foundation
package import Imaging
package import Recipes

extension PictureSettings {
    /// The settings in a picture, or in a text file: what A1111 writes beside its pictures, or the JSON that
    /// other programs save.
    ///
    /// - Throws: `GessoError` where there are none.
    package init(inFile path: String) throws {
        let (data, text) = try Self.content(path)
        if let text, Self.isReceipt(text) {
            throw GessoError(
                .badData, "a receipt, not a picture with settings", at: path,
                do: "use it with `gesso replay`, or make a preset of it with `gesso preset new`")
        }
        if let text, let settings = try Self(texts: [("parameters", text)], of: path) {
            self = settings
            return
        }
        guard let settings = try Self(of: Image(decoding: data, name: FilePath.literal(path)), path)
        else {
            throw GessoError(
                .badData, "it contains no settings", at: path,
                remedy: .nameSettings)
        }
        self = settings
    }

    /// Whether a file holds a receipt rather than settings: its content says so, or its name where the content says
    /// nothing.
    package static func isReceipt(file path: String) -> Bool {
        guard let text = try? content(path).text else { return path.hasSuffix(".json") }
        guard path.hasSuffix(".json") else { return isReceipt(text) }
        return object(text).map { $0["schema"] != nil } ?? true
    }

    private static func isReceipt(_ text: String) -> Bool {
        (object(text)?["schema"] as? String)?.hasPrefix("gesso.receipt/") ?? false
    }

    /// The settings among the texts of a picture; nil if it holds none.
    package init?(of image: Image, _ path: String) throws {
        let metadata = image.metadata
        var texts = metadata.text.map { ($0.keyword, $0.value) }
        if let parameters = metadata.parameters { texts.insert(("parameters", parameters), at: 0) }
        texts += Self.texts(inEXIF: metadata.exifTexts)
        if let hidden = image.hiddenText { texts.append((Self.hiddenKeyword, hidden)) }
        try self.init(
            texts: texts, xmp: metadata.xmp.map { String(decoding: $0, as: UTF8.self) },
            of: path)
    }

    /// What programs write into EXIF where a format has no texts of its own: ComfyUI its graphs with their
    /// keyword in front, others A1111's text as the description.
    private static func texts(
        inEXIF texts: [String]
    ) -> [(keyword: String, value: String)] {
        texts.compactMap { text in
            for keyword in ["prompt", "workflow"]
            where text.lowercased().hasPrefix(keyword + ":") {
                return (keyword, String(text.dropFirst(keyword.count + 1)))
            }
            return text.contains("Steps:") && !Infotext(text).settings.isEmpty
                ? ("parameters", text) : nil
        }
    }

    /// The bytes of a file, and the text that they are where it holds settings.
    private static func content(_ path: String) throws -> (data: Data, text: String?) {
        let url = try FilePath.file(path, orFailWith: .cannotRead)
        let data = try? FileHandle(forReadingFrom: url).read(upToCount: longestText + 1)
        if let data, ImageFormat(sniffing: data) == nil {
            if let text = text(data) { return (data, text) }
            let isText = [".txt", ".text"].contains(where: path.lowercased().hasSuffix)
            if isText, data.count <= longestText, !data.contains(0) {
                throw GessoError(
                    .badData, "it contains no settings", at: path,
                    do: "give a text with a line such as Steps: 20, Sampler: Euler a, Seed: 1")
            }
            // The head of any picture has zeros.
            if data.count > longestText, !data.prefix(512).contains(0) {
                throw GessoError(
                    .badData, "too long for settings", at: path,
                    do: "keep it under \(longestText >> 20) MiB")
            }
        }
        return (try Picture.file(path).bytes(), nil)
    }

    /// A text in the Latin letters of Windows' older editors.
    private static func latin(_ data: Data) -> String? {
        data.contains(0) ? nil : String(data: data, encoding: .windowsCP1252)
    }

    /// A text with settings in it; nil for anything else.
    private static func text(_ data: Data) -> String? {
        let mark = Data("\u{FEFF}".utf8)
        // Windows' editors also save UTF-16, with a mark that says which.
        let isWide = data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF])
        guard data.count <= longestText,
            let text = isWide
                ? String(data: data, encoding: .utf16)
                : String(
                    validating: data.starts(with: mark) ? data.dropFirst(mark.count) : data,
                    as: UTF8.self) ?? latin(data),
            areIn(text)
        else { return nil }
        return text
    }
}
