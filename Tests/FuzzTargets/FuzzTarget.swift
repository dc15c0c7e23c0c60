package import Foundation
import TestSupport

/// A reader of what people bring, as a function of bytes that must neither crash nor hang.
///
/// `Scripts/fuzz` searches for bytes that break it; the tests run it over its corpus.
package struct FuzzTarget: Sendable, CustomStringConvertible {
    /// Its name on the command line, and of its folder in `Fixtures/Fuzzing`.
    package let name: String
    /// Words of its language, which a search would find by chance alone.
    package let words: [String]
    /// The most bytes of an input that a search tries: what a reader does with more is not other than that.
    package let longest: Int
    private let material: @Sendable () throws -> [Seed]
    private let body: @Sendable (Data) throws -> Void

    package var description: String { name }

    /// An input to begin with.
    package struct Seed: Sendable {
        package let name: String
        package let data: Data
    }

    /// What a reader did that it must not do.
    package struct Finding: Error, CustomStringConvertible {
        package let description: String
    }

    init(
        _ name: String, words: [String] = [], longest: Int = 4096,
        from material: @escaping @Sendable () throws -> [Seed],
        _ body: @escaping @Sendable (Data) throws -> Void
    ) {
        (self.name, self.words, self.longest) = (name, words, longest)
        (self.material, self.body) = (material, body)
    }

    /// Every target.
    package static let all = pictures + metadata + texts + models + requests + [kernels]

    /// The inputs to begin with: those of the fixtures, and what was found before.
    package func corpus() throws -> [Seed] {
        try material() + Self.files("Fuzzing/" + name)
    }

    /// Reads bytes. An error that says shortly what is wrong is as good as success; who prints it escapes the
    /// control characters in it.
    ///
    /// - Throws: `Finding`.
    package func run(_ data: Data) throws {
        do {
            try body(data)
        } catch let finding as Finding {
            throw finding
        } catch {
            let message = "\(error)"
            guard !message.isEmpty, message.utf8.count <= 1000 else {
                throw Finding(description: "an error of \(message.utf8.count) bytes: \(message)")
            }
        }
    }

    /// The files of a folder of the fixtures, those with one of the endings.
    static func files(_ folder: String, _ endings: [String] = []) -> [Seed] {
        let url = Fixtures.folder.appending(path: folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.sorted().compactMap { name in
            guard endings.isEmpty || endings.contains(where: { name.hasSuffix("." + $0) }),
                let data = try? Data(contentsOf: url.appending(path: name))
            else { return nil }
            return Seed(name: name, data: data)
        }
    }

    /// Texts as inputs.
    static func texts(_ texts: [String]) -> [Seed] {
        texts.enumerated().map { Seed(name: "text-\($0)", data: Data($1.utf8)) }
    }

    /// - Throws: `Finding` unless the condition holds.
    static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw Finding(description: message()) }
    }

    /// Calls `body` with the path of a file in memory that has these bytes.
    static func withFile(
        _ data: Data, named name: String, _ body: (URL) throws -> Void
    ) throws {
        // One folder for each thread, because tests run side by side.
        let folder = "\(root)/gesso-fuzz-\(getpid())-\(pthread_self())"
        let path = folder + "/" + name
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        var descriptor = open(path, flags, 0o600)
        if descriptor < 0 {
            mkdir(folder, 0o700)
            descriptor = open(path, flags, 0o600)
        }
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        let written = data.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        guard written == data.count else { throw CocoaError(.fileWriteUnknown) }
        defer { unlink(path) }
        try body(URL(filePath: path, directoryHint: .notDirectory))
    }

    private static let root =
        FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
}
