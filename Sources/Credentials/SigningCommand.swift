import Foundation

/// A program that has a key, such as one that asks an agent or a hardware module.
struct SigningCommand {
    /// A signature of RSA with 16384 bits has 2 KiB.
    private static let mostBytes = 16 << 10

    private let command: String

    init(_ command: String) { self.command = command }

    /// What the program writes when it is given the bytes.
    func signature(of data: Data) throws(CredentialsError) -> Data {
        let program = PipedProgram("/bin/sh", ["-c", command])
        guard let answer = program.answer(to: data, most: Self.mostBytes) else {
            throw .signingFailed(reason: "the signing command cannot be run")
        }
        guard answer.status == 0 else {
            throw .signingFailed(reason: "the signing command ended with \(answer.status)")
        }
        return answer.output
    }
}
