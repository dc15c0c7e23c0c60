import Foundation

/// Documents for programs to read.
enum JSON {
    /// One document, its keys in snake case and sorted.
    static func text(_ document: some Encodable) -> String {
        text(document, [.prettyPrinted])
    }

    /// The same on one line.
    static func line(_ document: some Encodable) -> String {
        text(document, [])
    }

    private static func text(
        _ document: some Encodable, _ form: JSONEncoder.OutputFormatting
    ) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = form.union([.sortedKeys, .withoutEscapingSlashes])
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
