import Foundation
import Synchronization

/// A program that has a key, such as one that asks an agent or a hardware module.
struct SigningCommand {
    /// A signature of RSA with 16384 bits has 2 KiB.
    private static let mostBytes = 16 << 10

    private let command: String

    init(_ command: String) { self.command = command }

    /// What the program writes when it is given the bytes.
    func signature(of data: Data) throws(CredentialsError) -> Data {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        (process.standardInput, process.standardOutput) = (input, output)
        do {
            try process.run()
            // A program that ends without reading must not end this one, see `signal(7)`, SIGPIPE.
            let writing = input.fileHandleForWriting
            DispatchQueue.global().async {
                try? writing.write(contentsOf: data)
                try? writing.close()
            }
            let written = try output.fileHandleForReading.read(upToCount: Self.mostBytes) ?? Data()
            try output.fileHandleForReading.close()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw CredentialsError.signingFailed(
                    reason: "the signing command ended with \(process.terminationStatus)")
            }
            return written
        } catch let error as CredentialsError {
            throw error
        } catch {
            throw .signingFailed(reason: "the signing command cannot be run")
        }
    }
}
