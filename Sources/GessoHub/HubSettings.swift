import Files
public import Foundation

/// What the environment says of the hub: the variables that Hugging Face's own tools read, too.
public struct HubSettings: Sendable {
    /// The server, without a slash at its end: `$HF_ENDPOINT`.
    public var endpoint: URL
    /// What is shown to that server, and to no other: `$HF_TOKEN`, or the file that `hf auth login` writes.
    public var token: String?
    /// The folder of the cache: `$HF_HUB_CACHE`, or `hub` in `$HF_HOME`.
    public var cache: URL
    /// The proxies.
    public var proxies: Proxies
    /// How many files are downloaded at once.
    public var parallelFiles = 4
    /// Seconds before the second attempt; the third waits twice as long, and so on.
    public var pause = 1.0
    /// Seconds without a byte after which a connection counts as broken.
    public var patience = 30.0

    /// The settings of a user with these variables.
    ///
    /// - Throws: `HubError` where the network may not be used, for an address that is none, and where there
    ///   is no home folder for a cache.
    public init(environment: [String: String]) throws(HubError) {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        for name in ["GESSO_OFFLINE", "HF_HUB_OFFLINE"] where Self.isTrue(environment[name]) {
            throw .offline(variable: name)
        }
        let address = value("HF_ENDPOINT") ?? "https://huggingface.co"
        endpoint = try Self.server(address, "HF_ENDPOINT")
        guard let home = cacheFolder(environment) else {
            throw .badVariable("HOME", reason: "is not set: set it, or HF_HUB_CACHE")
        }
        func folder(_ path: String) -> URL {
            URL(filePath: expandingHome(path, environment), directoryHint: .isDirectory)
        }
        let own = value("HF_HOME").map(folder) ?? home.appending(path: "huggingface")
        cache =
            value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE").map(folder)
            ?? own.appending(path: "hub", directoryHint: .isDirectory)
        let file =
            value("HF_TOKEN_PATH").map { URL(filePath: expandingHome($0, environment)) }
            ?? own.appending(path: "token")
        let token =
            value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
            ?? (try? String(contentsOf: file, encoding: .utf8))
        self.token = token?.trimmingCharacters(in: .whitespacesAndNewlines)
        if self.token?.isEmpty == true { self.token = nil }
        if let token = self.token, !token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw .badVariable("HF_TOKEN", reason: "holds characters that no token has")
        }
        proxies = try Proxies(environment: environment)
    }

    static func isTrue(_ text: String?) -> Bool {
        ["1", "true", "yes", "on"].contains((text ?? "").lowercased())
    }

    static func server(_ text: String, _ name: String) throws(HubError) -> URL {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        guard let url = URL(string: text), let scheme = url.scheme,
            ["http", "https"].contains(scheme), url.host()?.isEmpty == false
        else {
            throw .badVariable(name, reason: "is no address: give one like https://example.org")
        }
        return url
    }
}
