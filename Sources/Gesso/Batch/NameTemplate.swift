import Files
import Foundation
import Imaging

/// How outputs are named: text with `{stem}`, `{seed}`, `{index}`, `{ext}` and `{verb}` in it.
package struct NameTemplate {
    package static let placeholders = ["stem", "seed", "index", "ext", "verb"]

    private enum Part {
        case text(String)
        case placeholder(String)
    }

    private let parts: [Part]

    /// - Throws: `GessoError` for placeholders that do not exist, and for text that would lead to
    ///   another folder.
    package init(_ text: String, at place: String = "name") throws {
        guard !text.hasSlash, !text.isEmpty, !text.hasPrefix(".") else {
            throw GessoError(
                .usage, "'\(text.prefix(40))' is no name of a file",
                remedy: .part(place, "write one without / that does not start with a dot"))
        }
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            parts.append(.text(String(rest[..<open])))
            let close = rest[open...].firstIndex(of: "}")
            let name = close.map { String(rest[rest.index(after: open)..<$0]) } ?? ""
            guard let close, Self.placeholders.contains(name) else {
                throw GessoError(
                    .usage, "unknown placeholder '{\(name.prefix(20))}'",
                    remedy: .part(
                        place,
                        "use " + Self.placeholders.map { "{\($0)}" }.joined(separator: ", ")))
            }
            parts.append(.placeholder(name))
            rest = rest[rest.index(after: close)...]
        }
        self.parts = parts + [.text(String(rest))]
    }

    /// The format that a fixed ending of its names says; nil where there is none, or none that is written.
    package var format: ImageFormat? {
        guard case .text(let text)? = parts.last else { return nil }
        return ImageFormat(written: ("name" + text).pathEnding)
    }

    /// Whether a placeholder is in it.
    package func uses(_ placeholder: String) -> Bool {
        parts.contains {
            if case .placeholder(let name) = $0 { name == placeholder } else { false }
        }
    }

    /// Whether pictures of other names, or at other places of a list, get other names.
    package var tellsPicturesApart: Bool { ["stem", "seed", "index"].contains(where: uses) }

    /// The name with each placeholder's value; what has none stays empty, and no value leads to
    /// another folder.
    package func name(_ values: [String: String]) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .placeholder(let name):
                String(
                    String.UnicodeScalarView(
                        (values[name] ?? "").unicodeScalars.map {
                            $0 == "/" || $0 == "\0" ? "_" : $0
                        }))
            }
        }.joined()
    }
}
