import Files
package import Foundation

/// Addresses of pictures that need no login for some time, as OpenAI's do: a page shows them, and a client
/// fetches them as they are.
package struct PictureLinks: Sendable {
    private let key: [UInt8]

    /// Those of one run of a server; no other run knows them.
    package init() {
        var generator = SystemRandomNumberGenerator()
        key = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// For how long an address is good, in seconds.
    package static let seconds = 3600.0

    /// The path and query of a picture's address.
    package func target(of sha: String, at time: Date = .now) -> String {
        let until = "\(Int(time.timeIntervalSince1970 + Self.seconds))"
        let path = Self.folder + sha
        return "\(path)?until=\(until)&signature=\(signature(of: path, until))"
    }

    /// Whether a request's target is such an address and still good.
    package func allows(_ target: String, at time: Date = .now) -> Bool {
        let (path, query) = (String(target.prefix { $0 != "?" }), Query(target))
        guard path.hasPrefix(Self.folder), let until = query["until"], let end = Double(until),
            end >= time.timeIntervalSince1970, let given = query["signature"]
        else { return false }
        return isSame(signature(of: path, until), given)
    }

    private func signature(of path: String, _ until: String) -> String {
        Digest.hmacSHA256(of: "\(path) \(until)", key: key)
    }

    private static let folder = "/api/v1/pictures/"
}
