import Foundation

extension PictureSettings {
    /// The settings among the texts of a picture, of whatever program wrote them.
    ///
    /// Read are the texts of A1111 and those that write as it does, Fooocus, SwarmUI, ComfyUI (graphs
    /// with one sampler, or others behind it), InvokeAI, NovelAI, Draw Things and Easy Diffusion.
    ///
    /// - Parameters:
    ///   - texts: by their keywords in the file. A text hidden in the pixels has ``hiddenKeyword``.
    ///   - xmp: the XMP packet.
    ///   - name: stands for the picture in messages.
    /// - Returns: nil where no text is known to hold settings.
    /// - Throws: `RecipeError.otherProgram` for settings that are known and have no counterpart here.
    public init?(
        texts: [(keyword: String, value: String)], xmp: String? = nil, of name: String
    ) throws(RecipeError) {
        let byName = Dictionary(
            texts.map { ($0.keyword, $0.value) }, uniquingKeysWith: { a, _ in a })
        let origin = Origin.argument(name)
        let written = (byName["parameters"] ?? byName[Self.hiddenKeyword])?.withoutByteOrderMark
        if let text = written, !text.trimmed.isEmpty {
            let isFooocus = byName["fooocus_scheme"] != nil
            let isLong = text.utf8.count > Self.longestText
            if !isLong, let settings = OtherSettings.labelledByEasyDiffusion(text) {
                self.init(settings, text, of: name)
            } else if let object = OtherSettings.object(text) {
                if !isLong, let infotext = Infotext(civitai: object, of: text) {
                    self.init(infotext, of: name)
                } else {
                    let settings = try Self.other(inJSON: object, isFooocus, at: origin)
                    self.init(settings, text, of: name)
                }
            } else if isLong {
                throw .otherProgram("an unknown one, of more than 1 MiB", at: origin)
            } else {
                self.init(Infotext(text), of: name)
            }
        } else if let (settings, text) = try Self.other(byName, at: origin) {
            self.init(settings, text, of: name)
        } else if let text = xmp.flatMap(Self.userComment),
            let object = OtherSettings.object(text), object["c"] != nil
        {
            self.init(.drawThings(object), text, of: name)
        } else if let text = xmp.flatMap(Self.infotext) {
            self.init(Infotext(text), of: name)
        } else {
            return nil
        }
    }

    /// The most bytes of settings that are no JSON.
    package static let longestText = 1 << 20

    /// Whether a text is known to hold settings, or is an object of JSON.
    package static func areIn(_ text: String) -> Bool {
        text.first == "{" || !Infotext(text).settings.isEmpty
            || OtherSettings.labelledByEasyDiffusion(text) != nil
    }

    /// An object of JSON, if the text is one that is short and flat enough to be settings.
    package static func object(_ text: String) -> [String: Any]? { OtherSettings.object(text) }

    /// The keyword of a text that was hidden in the lowest bits of a picture's samples.
    public static let hiddenKeyword = "stealth"

    /// What JSON holds where A1111 has its text.
    ///
    /// - Parameter isFooocus: whether another text says so.
    private static func other(
        inJSON object: [String: Any], _ isFooocus: Bool, at origin: Origin
    ) throws(RecipeError) -> OtherSettings {
        if object["sui_image_params"] != nil { return .swarmUI(object) }
        if object["c"] != nil, object["sampler"] != nil { return .drawThings(object) }
        if let comment = (object["Comment"] as? String).flatMap(OtherSettings.object) {
            return .novelAI(comment)
        }
        let scheme = object["metadata_scheme"] as? String
        let isFooocus =
            isFooocus || scheme == "fooocus" || object["base_model"] != nil
            || object["Base Model"] != nil
        if isFooocus { return .fooocus(object) }
        if let graph = ComfyUIGraph(object) { return try settings(of: graph, at: origin) }
        // What its server is sent, or what is hidden in pixels: the texts of a picture in one object.
        if let inner = object["prompt"].flatMap(OtherSettings.inner).flatMap({ ComfyUIGraph($0) }) {
            return try settings(of: inner, at: origin)
        }
        let editor = object["workflow"].flatMap(OtherSettings.inner) ?? object
        if editor["nodes"] is [Any], editor["links"] is [Any] {
            guard let graph = ComfyUIGraph(editor: editor) else {
                throw .otherProgram("ComfyUI, a graph without nodes or with too many", at: origin)
            }
            return try settings(of: graph, at: origin)
        }
        if object["positive_prompt"] != nil { return .invokeAI(object) }
        if let old = OtherSettings.invokeAI2(object) { return old }
        if object["prompt"] != nil, object["num_inference_steps"] != nil {
            return .easyDiffusion(object)
        }
        throw .otherProgram("an unknown one, in JSON", at: origin)
    }

    /// What texts hold that other programs write under keywords of their own.
    private static func other(
        _ texts: [String: String], at origin: Origin
    ) throws(RecipeError) -> (OtherSettings, String)? {
        if let text = texts["invokeai_metadata"] {
            guard let object = OtherSettings.object(text) else {
                throw .otherProgram("InvokeAI", at: origin)
            }
            return (.invokeAI(object), text)
        }
        if let text = texts["Comment"], let object = OtherSettings.object(text),
            object["uc"] != nil || texts["Software"] == "NovelAI"
        {
            return (.novelAI(object), text)
        }
        if let text = texts["prompt"],
            let graph = OtherSettings.object(text).flatMap({ ComfyUIGraph($0) })
        {
            return (try settings(of: graph, at: origin), text)
        }
        if let text = texts["workflow"],
            let graph = OtherSettings.object(text).flatMap({ ComfyUIGraph(editor: $0) })
        {
            return (try settings(of: graph, at: origin), text)
        }
        if texts["prompt"] != nil, texts["num_inference_steps"] != nil {
            return (.easyDiffusion(texts), texts["prompt"] ?? "")
        }
        if let text = texts["sd-metadata"], let object = OtherSettings.object(text),
            let settings = OtherSettings.invokeAI2(object)
        {
            return (settings, text)
        }
        if let text = texts["Dream"], text.utf8.count <= longestText,
            let settings = OtherSettings.dream(text)
        {
            return (settings, text)
        }
        let known = [
            ("workflow", "ComfyUI"), ("fooocus_scheme", "Fooocus"), ("sd-metadata", "InvokeAI"),
            ("Dream", "InvokeAI"), ("invokeai_graph", "InvokeAI"),
            ("invokeai_workflow", "InvokeAI"), ("generation_data", "TensorArt"),
            ("SD:prompt", "Sygil"), ("postprocessing", "AUTOMATIC1111's Extras"),
            ("extras", "AUTOMATIC1111's Extras"),
        ]
        if let program = known.first(where: { texts[$0.0] != nil })?.1 {
            throw .otherProgram(program, at: origin)
        }
        if texts["prompt"]?.trimmed.hasPrefix("{\"") ?? false {
            throw .otherProgram("ComfyUI, a graph that is damaged or too large", at: origin)
        }
        let description = texts["Description"] ?? ""
        if description.contains("Generator: Mochi Diffusion") {
            throw .otherProgram("Mochi Diffusion", at: origin)
        }
        if description.contains(" Job ID: ") { throw .otherProgram("Midjourney", at: origin) }
        if texts["Software"] == "NovelAI" { throw .otherProgram("NovelAI", at: origin) }
        return nil
    }

    private static func settings(
        of graph: ComfyUIGraph, at origin: Origin
    ) throws(RecipeError) -> OtherSettings {
        guard let settings = graph.settings else {
            let what = graph.samplers.isEmpty ? "without a known sampler" : "of several runs"
            throw .otherProgram("ComfyUI, a graph \(what)", at: origin)
        }
        return settings
    }

    /// The user comment of an XMP packet, the first text in JSON behind its name.
    ///
    /// Packets are searched by bytes: going back over characters can take time that grows with the square of their
    /// number.
    private static func userComment(_ xmp: String) -> String? {
        let bytes = xmp.utf8
        guard let name = bytes.firstRange(of: "exif:UserComment".utf8),
            let start = bytes[name.upperBound...].firstIndex(of: UInt8(ascii: "{"))
        else { return nil }
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.endIndex
        let text = unescaped(xmp[start..<end])
        // Where it is an attribute, its quote and what follows come behind the last brace.
        guard let last = text.utf8.lastIndex(of: UInt8(ascii: "}")) else { return nil }
        return String(text[..<text.utf8.index(after: last)])
    }

    /// The first text of an XMP packet that has settings as A1111 writes them; an element, or an attribute.
    private static func infotext(_ xmp: String) -> String? {
        let (bytes, opening) = (xmp.utf8, UInt8(ascii: "<"))
        guard let steps = bytes.firstRange(of: "Steps:".utf8)?.lowerBound else { return nil }
        let (before, behind) = (bytes[..<steps], bytes[steps...])
        let tag =
            before.lastIndex { $0 == opening || $0 == UInt8(ascii: ">") } ?? before.startIndex
        let isAttribute = before[tag...].first == opening
        guard let start = isAttribute ? lastQuote(in: before[tag...]) : tag else { return nil }
        let end = behind.firstIndex(of: isAttribute ? before[start] : opening) ?? behind.endIndex
        let text = unescaped(xmp[bytes.index(after: start)..<end])
        return text.utf8.count <= longestText && !Infotext(text).settings.isEmpty ? text : nil
    }

    /// The last quote right behind an equals sign.
    private static func lastQuote(in bytes: Substring.UTF8View) -> String.Index? {
        var (quote, isBehindSign) = (nil as String.Index?, false)
        for (index, byte) in zip(bytes.indices, bytes) {
            if isBehindSign, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = index
            }
            isBehindSign = byte == UInt8(ascii: "=")
        }
        return quote
    }

    private static let entities = [
        ("&quot;", "\""), ("&#34;", "\""), ("&#x22;", "\""), ("&apos;", "'"), ("&lt;", "<"),
        ("&gt;", ">"), ("&#xA;", "\n"), ("&#10;", "\n"), ("&amp;", "&"),
    ].map { (entity: Array($0.0.utf8), character: Array($0.1.utf8)) }

    /// A text of XML with characters for its entities.
    private static func unescaped(_ xml: Substring) -> String {
        var (text, rest) = ([UInt8](), xml.utf8[...])
        while let sign = rest.firstIndex(of: UInt8(ascii: "&")) {
            text += rest[..<sign]
            rest = rest[sign...]
            let found = entities.first { rest.starts(with: $0.entity) }
            text += found?.character ?? [UInt8(ascii: "&")]
            rest = rest.dropFirst(found?.entity.count ?? 1)
        }
        return String(decoding: text + rest, as: UTF8.self)
    }
}
