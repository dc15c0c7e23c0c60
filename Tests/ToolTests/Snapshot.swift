import Foundation
import TestSupport

/// What the tool is known to say, in `Fixtures/Snapshots`. With `GESSO_RECORD=1` in the environment
/// the files are written anew instead of compared.
enum Snapshot {
    static func url(_ name: String) -> URL {
        Fixtures.folder.appending(path: "Snapshots/" + name)
    }

    /// The text on record, which is `text` itself when recording.
    static func recorded(_ name: String, _ text: String) throws -> String {
        if ProcessInfo.processInfo.environment["GESSO_RECORD"] == "1" {
            try Data(text.utf8).write(to: url(name))
        }
        return try String(contentsOf: url(name), encoding: .utf8)
    }
}
