import Foundation

/// Documents for programs to read.
package enum JSON {
    /// One document, its keys in snake case and sorted.
    package static func text(_ document: some Encodable) throws -> String {
        try text(document, [.prettyPrinted])
    }

    /// The same on one line.
    package static func line(_ document: some Encodable) throws -> String {
        try text(document, [])
    }

    private static func text(
        _ document: some Encodable, _ form: JSONEncoder.OutputFormatting
    ) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = form.union([.sortedKeys, .withoutEscapingSlashes])
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }
}
