import Foundation

/// A program that has a key, such as one that asks an agent or a hardware module.
struct SigningCommand {
    /// A signature of RSA with 16384 bits has 2 KiB.
    private static let mostBytes = 16 << 10

    private let command: String

    init(_ command: String) { self.command = command }

    /// What the program writes when it is given the bytes.
    func signature(of data: Data) throws(CredentialsError) -> Data {
        // A file without a name: unlike a pipe, it can be left unread without a signal.
        guard let file = tmpfile() else { throw Self.cannotRun }
        defer { fclose(file) }
        let written = data.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        guard written == data.count, fflush(file) == 0 else { throw Self.cannotRun }
        rewind(file)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardInput = FileHandle(fileDescriptor: fileno(file), closeOnDealloc: false)
        process.standardOutput = output
        var signature = Data()
        do {
            try process.run()
            signature =
                try output.fileHandleForReading.read(upToCount: Self.mostBytes) ?? Data()
            try output.fileHandleForReading.close()
        } catch {
            throw Self.cannotRun
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw .signingFailed(
                reason: "the signing command ended with \(process.terminationStatus)")
        }
        return signature
    }

    private static let cannotRun = CredentialsError.signingFailed(
        reason: "the signing command cannot be run")
}
