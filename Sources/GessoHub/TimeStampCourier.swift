import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Carries a request for a time stamp to an authority, and brings the answer (RFC 3161, 3.4).
public struct TimeStampCourier: Sendable {
    private static let mostAttempts = 3
    /// The most bytes of an answer.
    private static let largestAnswer = 1 << 20

    private let proxies: Proxies
    /// Seconds before the second attempt; the third waits twice as long.
    public var pause = 1.0
    /// Seconds without a byte after which a connection counts as broken.
    public var patience = 20.0

    /// A courier for a user with these variables.
    ///
    /// - Throws: `HubError` where the network may not be used, and for a proxy that is no address.
    public init(environment: [String: String]) throws(HubError) {
        guard !HubSettings.isTrue(environment["GESSO_OFFLINE"]) else {
            throw .offline(variable: "GESSO_OFFLINE")
        }
        proxies = try Proxies(environment: environment)
    }

    /// The answer to a request; neither is looked at.
    ///
    /// - Throws: `HubError` for an address that is none, and for a server that cannot be reached or refuses.
    public func answer(to request: Data, from address: String) async throws -> Data {
        let url = try HubSettings.server(address, "GESSO_TIMESTAMP_URL")
        let client = HTTPClient(
            configuration: HubClient.configuration(patience, proxies.proxy(for: url)))
        var attempt = 1
        while true {
            let answer = await attempted(request, address, client)
            if case .failure(let failure) = answer, failure.mayPass, attempt < Self.mostAttempts {
                try await Task.sleep(for: .seconds(pause * Double(attempt)))
                attempt += 1
                continue
            }
            try await client.shutdown()
            switch answer {
            case .success(let bytes): return bytes
            case .failure(let failure): throw HubError.noTimeStamp(reason: failure.reason)
            }
        }
    }

    private struct Attempt: Error {
        let reason: String
        /// Whether another attempt may have another end.
        let mayPass: Bool
    }

    private func attempted(
        _ request: Data, _ address: String, _ client: HTTPClient
    ) async -> Result<Data, Attempt> {
        var message = HTTPClientRequest(url: address)
        message.method = .POST
        message.headers.add(name: "User-Agent", value: "gesso")
        message.headers.add(name: "Content-Type", value: "application/timestamp-query")
        message.headers.add(name: "Accept", value: "application/timestamp-reply")
        message.body = .bytes(ByteBuffer(data: request))
        do {
            let response = try await client.execute(message, timeout: .seconds(60))
            let status = Int(response.status.code)
            guard status == 200 else {
                return .failure(
                    Attempt(
                        reason: "the server answers \(status)",
                        mayPass: status >= 500 || status == 429))
            }
            return .success(Data(buffer: try await response.body.collect(upTo: Self.largestAnswer)))
        } catch {
            return .failure(
                Attempt(
                    reason: "the server cannot be reached: \(HubClient.reason(error))",
                    mayPass: true))
        }
    }
}
