import Files
import Foundation
import Imaging

/// What a batch has done, a line of JSON each, in a file of its output folder: with it a batch that was
/// ended at any moment goes on where it stood.
///
/// The line of a picture is on the disk before the picture takes its name, so a picture without a
/// line is not the batch's, and a line without its picture is work to be done again. The file is
/// locked while a batch is at work on it.
final class Journal {
    static let schema = "gesso.journal/1"

    /// The first line: what batch this is.
    struct Header: Codable, Equatable {
        var schema = Journal.schema
        /// Of all that the pictures depend on, but for the seed.
        let fingerprint: String
        /// That of the first picture.
        let seed: UInt64
    }

    /// A picture that was made, or could not be.
    struct Entry: Codable {
        let input: String
        /// Its name in the output folder.
        let output: String
        let seed: UInt64
        let seconds: Double
        /// Of the file; nil where there is none.
        let sha256: String?
        /// Why there is none.
        let error: String?
        /// The SHA-256 of the input; nil in journals of earlier versions.
        var source: String?
        /// Of what is asked for this picture alone (`Batch.Item.own`).
        var own: String?

        /// Whether it says that this very picture was made.
        func tells(of item: Batch.Item) -> Bool { sha256 != nil && isOf(item) }

        /// Whether its picture is the one that would be made.
        private func isOf(_ item: Batch.Item) -> Bool {
            guard let source else { return true }
            let isSame =
                input == item.input
                || (try? Digest.sha256(file: URL(filePath: item.input))) == source
            return isSame && own == item.own
        }
    }

    /// A last line: all was done.
    private struct End: Codable {
        let finished: Bool
    }

    private let descriptor: Int32
    private let path: String
    private(set) var header: Header?
    /// The last entry of each output.
    private(set) var entries: [String: Entry] = [:]
    /// The output that the last line speaks of: its picture may not have taken its name.
    private(set) var lastOutput: String?
    /// Whether the batch came to its end.
    private(set) var isFinished = false

    /// Opens the journal at a path, or begins it, and locks it.
    ///
    /// - Throws: `GessoError` with `resources` when another batch has it locked.
    init(at path: String) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else {
            throw FileError.cannotCreate(
                path: path, reason: errno == ELOOP ? "it is a link" : systemMessage(errno))
        }
        var status = stat()
        if fstat(descriptor, &status) == 0, let kind = specialKind(status) {
            throw FileError.cannotCreate(path: path, reason: "it is \(kind)")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw GessoError(
                .resources, "another batch is at work here", at: path,
                remedy: .otherFolderOnly(or: "wait for it"))
        }
        try readBack()
    }

    deinit { close(descriptor) }

    /// Whether its file has that name.
    func isAt(_ name: String) -> Bool { path.hasSuffix("/" + name) }

    /// The name of a share's journal.
    static func name(of shard: Shard) -> String { ".gesso-batch\(shard.tag).jsonl" }

    /// The journals of a folder, by the names of their files.
    static func names(in folder: URL) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: folder.path(percentEncoded: false))
        return (names ?? []).filter { $0.hasPrefix(".gesso-batch") && $0.hasSuffix(".jsonl") }
            .sorted()
    }

    /// The whole lines of a journal.
    typealias Look = (header: Header?, entries: [Entry], isFinished: Bool)

    /// What all journals of a folder hold.
    static func looks(in folder: URL) -> [Look] {
        names(in: folder).map { look(at: folder.appending(path: $0)) }
    }

    /// What a journal holds that others may be writing to: its whole lines.
    static func look(at file: URL) -> Look {
        let data = (try? Data(contentsOf: file)) ?? Data()
        let lines = data[..<(data.lastIndex(of: UInt8(ascii: "\n")) ?? data.startIndex)]
            .split(separator: UInt8(ascii: "\n"))
        let decoder = JSONDecoder()
        return (
            lines.first.flatMap { try? decoder.decode(Header.self, from: $0) },
            lines.dropFirst().compactMap { try? decoder.decode(Entry.self, from: $0) },
            lines.last.map { (try? decoder.decode(End.self, from: $0)) != nil } ?? false
        )
    }

    /// Begins anew.
    func restart(_ header: Header) throws {
        guard ftruncate(descriptor, 0) == 0 else { throw failed(errno) }
        (entries, lastOutput, isFinished) = ([:], nil, false)
        try append(header)
        self.header = header
    }

    func note(_ entry: Entry) throws {
        try append(entry)
        entries[entry.output] = entry
        lastOutput = entry.output
        isFinished = false
    }

    func noteEnd() throws {
        guard !isFinished else { return }
        try append(End(finished: true))
        isFinished = true
    }

    private func readBack() throws {
        let data = try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd()
        guard let data, !data.isEmpty else { return }
        // A line that was cut short was never meant by anyone.
        let end = data.lastIndex(of: UInt8(ascii: "\n")).map { data.index(after: $0) }
        let length = end.map { data.distance(from: data.startIndex, to: $0) } ?? 0
        if length < data.count, ftruncate(descriptor, off_t(length)) != 0 { throw failed(errno) }
        let decoder = JSONDecoder()
        for (index, line) in data.prefix(length).split(separator: UInt8(ascii: "\n")).enumerated() {
            if index == 0 {
                header = try? decoder.decode(Header.self, from: line)
                guard header?.schema == Self.schema else {
                    throw GessoError(
                        .badData, "not a journal of schema \(Self.schema)", at: path,
                        remedy: .otherFolderOnly(or: "remove the file"))
                }
            } else if let entry = try? decoder.decode(Entry.self, from: line) {
                entries[entry.output] = entry
                lastOutput = entry.output
                isFinished = false
            } else {
                isFinished = (try? decoder.decode(End.self, from: line)) != nil
            }
        }
    }

    /// Puts a line at the end and waits until the disk has it; on failure there is none.
    private func append(_ line: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(line) + Data("\n".utf8)
        let before = lseek(descriptor, 0, SEEK_END)
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fsync(descriptor) == 0 else {
            let number = written >= 0 && written < bytes.count ? ENOSPC : errno
            ftruncate(descriptor, before)
            throw failed(number)
        }
    }

    private func failed(_ number: Int32) -> FileError {
        .writeFailed(path: path, reason: systemMessage(number))
    }
}
