import Foundation
import GessoHub
import Terminal

/// Asks for a time stamp for another program of Gesso: `gesso-hub time-stamp URL` sends what is on standard
/// input and writes the answer to standard output.
enum TimeStampCommand {
    static let name = "time-stamp"
    private static let mostBytes = 64 << 10

    static func run(_ words: [String]) async throws {
        guard words.count == 1 else {
            throw Failure(
                .usage, "\(words.count) addresses", at: "gesso-hub \(name)", do: "give one")
        }
        let request = try FileHandle.standardInput.read(upToCount: mostBytes) ?? Data()
        let courier = try TimeStampCourier(environment: ProcessInfo.processInfo.environment)
        try Console.result(bytes: try await courier.answer(to: request, from: words[0]))
    }
}
