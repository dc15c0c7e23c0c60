import Foundation
import GessoServer
import Testing

@Suite("Seeds")
struct SeedTests {
    private func submit(_ settings: String, to server: RunningServer) async throws -> Answer {
        let body = """
            {"verb": "txt2img", "settings":
            {"prompt": "x", "steps": 1, "width": 64, "height": 64, \(settings)}}
            """
        return try await server.ask("POST", "/api/v1/jobs", Data(body.utf8))
    }

    @Test(
        "What is no seed is refused with the field's name",
        arguments: [
            #""abc""#, "1.5", "99999999999999999999", "18446744073709551616", "-2", "true", "\"\"",
        ])
    func refused(_ seed: String) async throws {
        try await RunningServer.with { server in
            for key in ["seed", "variation_seed"] {
                let answer = try await submit(
                    #""variation_strength": 0.1, "\#(key)": \#(seed)"#, to: server)
                #expect(answer.status == 422)
                let error = answer.json["error"] as? [String: Any]
                #expect(error?["field"] as? String == "settings.\(key)", "\(answer.text)")
            }
        }
    }

    @Test("-1 draws a seed, and the largest comes back as it is")
    func accepted() async throws {
        try await RunningServer.with { server in
            let drawn = try await submit(#""seed": -1, "variation_seed": "-1""#, to: server)
            #expect(drawn.status == 202, "\(drawn.text)")
            let request = drawn.json["request"] as? [String: Any]
            let settings = try #require(request?["settings"] as? [String: String])
            #expect(settings["seed"].flatMap { UInt32($0) } != nil)
            for seed in ["18446744073709551615", #""9223372036854775808""#] {
                let queued = try await submit(#""seed": \#(seed)"#, to: server)
                #expect(queued.status == 202, "\(queued.text)")
                let id = try #require(queued.json["id"] as? String)
                var job = ""
                for _ in 0..<600 where !job.contains(#""state":"done""#) {
                    try await Task.sleep(for: .milliseconds(50))
                    job = try await server.ask("GET", "/api/v1/jobs/\(id)").text
                }
                let number = seed.replacing("\"", with: "")
                // In the result and in its receipt.
                #expect(job.ranges(of: #""seed":\#(number)"#).count == 2, "\(job)")
                #expect(job.contains("Seed: \(number)"))
            }
        }
    }
}
