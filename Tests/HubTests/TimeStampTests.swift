import Foundation
import GessoHub
import HubServer
import Testing

@Suite("Carrying requests for time stamps")
struct TimeStampTests {
    @Test("the network can be forbidden")
    func offline() {
        #expect(throws: HubError.offline(variable: "GESSO_OFFLINE")) {
            try TimeStampCourier(environment: ["GESSO_OFFLINE": "1"])
        }
    }

    @Test("a refusal is reported as it is")
    func refusal() async throws {
        let server = try HubServer([])
        defer { server.stop() }
        let courier = try TimeStampCourier(environment: [:])
        await #expect(throws: HubError.noTimeStamp(reason: "the server answers 404")) {
            try await courier.answer(to: Data("request".utf8), from: server.address + "/stamps")
        }
        #expect(server.requests.map(\.method) == ["POST"])
        #expect(server.requests.map(\.target) == ["/stamps"])
    }

    @Test("a server that is not there is asked three times")
    func unreachable() async throws {
        var courier = try TimeStampCourier(environment: [:])
        courier.pause = 0
        let error = await #expect(throws: HubError.self) {
            try await courier.answer(to: Data(), from: "http://127.0.0.1:1/")
        }
        #expect(error.map { "\($0)" }?.hasPrefix("the server cannot be reached: ") == true)
        #expect(error?.exitCode == 74)
    }

    @Test("an address must be one", arguments: ["", "example.org", "ftp://example.org"])
    func addresses(_ address: String) async throws {
        let courier = try TimeStampCourier(environment: [:])
        await #expect(throws: HubError.self) {
            try await courier.answer(to: Data(), from: address)
        }
    }
}
