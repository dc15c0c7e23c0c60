import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Synchronization

/// Asks a model hub: redirects, waits and errors are handled here, once for listings and files.
///
/// The token goes to the hub's own scheme, host and port only, whatever a redirect says.
final class HubClient: Sendable {
    private static let mostRedirects = 5
    private static let mostAttempts = 5
    /// The same where no connection could be made and nothing is under way: without a network, waiting is in
    /// vain.
    private static let mostFirstAttempts = 3
    /// The longest wait for a connection, in seconds.
    private static let longestConnect = 10.0
    /// The longest wait that a server's request for fewer requests is followed for, in seconds.
    private static let longestWait = 60
    /// The most bytes of a listing.
    private static let largestAnswer = 64 << 20

    let settings: HubSettings
    private let direct: HTTPClient
    /// By the proxy's address.
    private let proxied: [URL: HTTPClient]

    init(_ settings: HubSettings) {
        self.settings = settings
        direct = HTTPClient(configuration: Self.configuration(settings.patience, nil))
        proxied = Dictionary(
            Set(settings.proxies.byScheme.values).map {
                ($0, HTTPClient(configuration: Self.configuration(settings.patience, $0)))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// One connection's manners.
    ///
    /// - Parameter patience: seconds without a byte after which it counts as broken.
    static func configuration(
        _ patience: Double, _ proxy: URL?
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        func time(_ seconds: Double) -> TimeAmount { .milliseconds(Int64(seconds * 1000)) }
        configuration.timeout = .init(
            connect: time(min(patience, longestConnect)), read: time(patience))
        // Whoever asks decides whether to ask again.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let proxy, let host = proxy.host() {
            let authorization = proxy.user(percentEncoded: false).map {
                HTTPClient.Authorization.basic(
                    username: $0, password: proxy.password(percentEncoded: false) ?? "")
            }
            configuration.proxy = .server(
                host: host, port: proxy.port ?? (proxy.scheme == "https" ? 443 : 80),
                authorization: authorization)
        }
        return configuration
    }

    /// Closes its connections.
    func close() async {
        for client in [direct] + proxied.values { try? await client.shutdown() }
    }

    /// The whole of a JSON answer.
    ///
    /// - Returns: the bytes, and the address of the next part of a list.
    /// - Throws: `HubError`.
    func json(_ url: URL, for repository: Repository) async throws -> (data: Data, next: URL?) {
        try await attempts(at: url) { [self] in
            let response = try await open(url, for: repository)
            let body = try await response.body.collect(upTo: Self.largestAnswer)
            return (Data(buffer: body), Self.next(response.headers["link"], from: url))
        }
    }

    /// The answer for a file, from a byte on.
    ///
    /// - Throws: `HubError` for what no second attempt would change, other errors for a connection that
    ///   failed.
    func open(
        _ url: URL, from offset: Int = 0, for repository: Repository
    ) async throws -> HTTPClientResponse {
        var url = url
        for _ in 0...Self.mostRedirects {
            let response = try await send(url, from: offset)
            switch response.status.code {
            case 200, 206, 416: return response
            case 301, 302, 303, 307, 308:
                url = try Self.redirected(response, from: url)
            default: throw try await failure(response, at: url, for: repository)
            }
        }
        throw HubError.badAnswer(
            "more than \(Self.mostRedirects) redirects", url: url.withoutQuery)
    }

    /// Does something with the server before any file is downloaded until it succeeds, as often as makes
    /// sense.
    func attempts<Result: Sendable>(
        at url: URL, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        var attempt = 1
        while true {
            do {
                return try await body()
            } catch {
                do {
                    try await pause(
                        after: error, attempt: attempt, of: Self.mostFirstAttempts, at: url)
                } catch HubError.unreachable(let host, _) {
                    throw HubError.notReached(host: host)
                }
                attempt += 1
            }
        }
    }

    /// Waits before another attempt.
    ///
    /// - Parameter most: how many attempts there are where the connection fails.
    /// - Throws: what ends the attempts.
    func pause(
        after error: any Error, attempt: Int, of most: Int = mostAttempts, at url: URL
    ) async throws {
        try Task.checkCancellation()
        var wait = settings.pause * Double(1 << min(attempt - 1, 5))
        switch error {
        case is CancellationError: throw error
        case HubError.rateLimited(let seconds, _):
            guard attempt < Self.mostAttempts, (seconds ?? 0) <= Self.longestWait else {
                throw error
            }
            wait = max(wait, Double(seconds ?? 0))
        case HubError.refused(let status, _) where status >= 500:
            guard attempt < Self.mostAttempts else { throw error }
        case is HubError: throw error
        default:
            guard attempt < most else {
                throw HubError.unreachable(
                    host: url.host() ?? url.withoutQuery, reason: Self.reason(error))
            }
        }
        try await Task.sleep(for: .seconds(wait))
    }

    private func send(_ url: URL, from offset: Int) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers.add(name: "User-Agent", value: "gesso")
        // Sizes and offsets are those of the file, not of a compressed form.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if offset > 0 { request.headers.add(name: "Range", value: "bytes=\(offset)-") }
        if let token = settings.token, url.hasOrigin(of: settings.endpoint) {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        let client = settings.proxies.proxy(for: url).flatMap { proxied[$0] } ?? direct
        return try await client.execute(request, deadline: .distantFuture)
    }

    private static func redirected(
        _ response: HTTPClientResponse, from url: URL
    ) throws(HubError) -> URL {
        guard let location = response.headers.first(name: "location"),
            let next = URL(string: location, relativeTo: url)?.absoluteURL,
            let scheme = next.scheme, ["http", "https"].contains(scheme), next.host() != nil
        else { throw .badAnswer("a redirect to nowhere", url: url.withoutQuery) }
        guard url.scheme != "https" || scheme == "https" else {
            throw .badAnswer("a redirect away from https", url: url.withoutQuery)
        }
        return next
    }

    /// What an answer that is no success means.
    private func failure(
        _ response: HTTPClientResponse, at url: URL, for repository: Repository
    ) async throws -> HubError {
        let code = response.headers.first(name: "x-error-code")
        let hasToken = settings.token != nil
        let page = settings.endpoint.appending(path: repository.name).absoluteString
        let message = response.headers.first(name: "x-error-message") ?? ""
        switch (Int(response.status.code), code) {
        case (429, _):
            return .rateLimited(seconds: Self.wait(response.headers), hasToken: hasToken)
        case (_, "RevisionNotFound"):
            return .noRevision(repository.revision, of: repository.name)
        case (_, "EntryNotFound"):
            return .noFile(url.lastPathComponent, of: repository.name, meant: [])
        case (_, "GatedRepo"): return .gated(repository.name, page: page, hasToken: hasToken)
        case (401, _) where message.hasPrefix("Invalid credentials"): return .badToken
        case (401, _), (404, _): return .noRepository(repository.name, hasToken: hasToken)
        case (403, _) where url.hasOrigin(of: settings.endpoint):
            return .gated(repository.name, page: page, hasToken: hasToken)
        // The address of another host is good for a while only; the hub gives a new one.
        case (403, _): return .refused(status: 503, url: url.withoutQuery)
        case (let status, _): return .refused(status: status, url: url.withoutQuery)
        }
    }

    /// The seconds to wait that the server asks for; nil where it does not say.
    private static func wait(_ headers: HTTPHeaders) -> Int? {
        if let text = headers.first(name: "retry-after") { return Int(text) }
        // `"api";r=0;t=57`: nothing remains, for so many seconds.
        let parts = headers.first(name: "ratelimit")?.split(separator: ";") ?? []
        return parts.lazy.map { $0.trimmingCharacters(in: .whitespaces) }
            .first { $0.hasPrefix("t=") }.flatMap { Int($0.dropFirst(2)) }
    }

    /// `<https://…>; rel="next"`
    private static func next(_ links: [String], from url: URL) -> URL? {
        for link in links.flatMap({ $0.split(separator: ",") }) where link.contains("rel=\"next\"")
        {
            let address = link.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }
            return URL(string: String(address), relativeTo: url)?.absoluteURL
        }
        return nil
    }

    /// Why a connection failed, in words.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        default: "the connection broke"
        }
    }
}

extension URL {
    /// Without what only the server needs, which may be secret.
    var withoutQuery: String {
        guard var parts = URLComponents(url: self, resolvingAgainstBaseURL: true) else {
            return host() ?? ""
        }
        (parts.query, parts.fragment, parts.user, parts.password) = (nil, nil, nil, nil)
        return parts.string ?? host() ?? ""
    }

    /// Whether scheme, host and port are the same.
    func hasOrigin(of other: URL) -> Bool {
        func port(_ url: URL) -> Int { url.port ?? (url.scheme == "https" ? 443 : 80) }
        return scheme == other.scheme && host()?.lowercased() == other.host()?.lowercased()
            && port(self) == port(other)
    }
}
