import Foundation
import Gesso
import Terminal

/// Pictures to be read.
enum Input {
    /// Standard input is read whole up to this many bytes.
    private static let largest = 512 << 20

    /// The picture at a path; `-` is standard input.
    static func image(_ path: String) throws -> Image {
        try Image(decoding: bytes(path), name: name(path))
    }

    /// The bytes of the picture at a path, as far as they look like one's.
    static func bytes(_ path: String) throws -> Data {
        guard path == "-" else {
            return try pictureFile(at: FilePath.file(path, orFailWith: .cannotRead))
        }
        guard isatty(STDIN_FILENO) == 0 else {
            throw Failure(
                .usage, "a terminal sends no pictures", at: "-", do: "pipe a picture in")
        }
        return try standardInput()
    }

    /// Makes sure that files can be opened, before anything else is looked at; `-` is not looked at.
    ///
    /// - Throws: what reading the first one that cannot be opened throws.
    static func checkFiles(_ paths: [String]) throws {
        for path in paths where path != "-" && access(FilePath.literal(path), R_OK) != 0 {
            _ = try bytes(path)
        }
    }

    /// What a path is called in messages.
    static func name(_ path: String) -> String {
        path == "-" ? "standard input" : FilePath.literal(path)
    }

    private static func standardInput() throws -> Data {
        do {
            let data = try FileHandle.standardInput.read(upToCount: largest + 1) ?? Data()
            guard data.count <= largest else {
                throw Failure(
                    .badData, "more than \(largest >> 20) MiB", at: "standard input",
                    do: "give a smaller picture")
            }
            return data
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                .cannotRead, "reading failed", at: "standard input", do: "give a file instead")
        }
    }
}
