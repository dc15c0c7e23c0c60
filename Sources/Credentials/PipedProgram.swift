import Foundation

/// A program that is given bytes on standard input and writes an answer to standard output.
struct PipedProgram {
    private let path: String
    private let arguments: [String]

    init(_ path: String, _ arguments: [String]) { (self.path, self.arguments) = (path, arguments) }

    struct Answer {
        let status: Int32
        let output: Data
        /// What it wrote to standard error; empty where that was not kept.
        let errors: String
    }

    /// Bytes of a message that are kept.
    private static let mostErrors = 16 << 10

    /// Runs it; nil where that is not possible.
    ///
    /// - Parameters:
    ///   - most: bytes of an answer that are read.
    ///   - keepsErrors: keeps what it writes to standard error, which otherwise is this process's.
    func answer(to data: Data, most: Int, keepsErrors: Bool = false) -> Answer? {
        // A file without a name: unlike a pipe, it can be left unread without a signal.
        guard let file = tmpfile(), let messages = tmpfile() else { return nil }
        defer {
            fclose(file)
            fclose(messages)
        }
        let written = data.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        guard written == data.count, fflush(file) == 0 else { return nil }
        rewind(file)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = FileHandle(fileDescriptor: fileno(file), closeOnDealloc: false)
        process.standardOutput = output
        if keepsErrors {
            process.standardError = FileHandle(
                fileDescriptor: fileno(messages), closeOnDealloc: false)
        }
        var answer = Data()
        do {
            try process.run()
            answer = try output.fileHandleForReading.read(upToCount: most) ?? Data()
            try output.fileHandleForReading.close()
        } catch {
            return nil
        }
        process.waitUntilExit()
        rewind(messages)
        var bytes = [UInt8](repeating: 0, count: Self.mostErrors)
        let count = fread(&bytes, 1, bytes.count, messages)
        return Answer(
            status: process.terminationStatus, output: answer,
            errors: String(decoding: bytes.prefix(count), as: UTF8.self))
    }
}
