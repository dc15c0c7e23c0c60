/// Why nothing, or not all, was downloaded: what happened, where, what to do.
public enum HubError: Error, Equatable, CustomStringConvertible {
    /// A name that is no repository's; `meant` is a name near it.
    case badName(String, meant: String?)
    /// The network may not be used.
    case offline(variable: String)
    /// A variable of the environment that cannot be used.
    case badVariable(String, reason: String)
    /// The server has no such repository, or does not show it to strangers.
    case noRepository(String, hasToken: Bool)
    /// The repository has no such branch, tag or commit.
    case noRevision(String, of: String)
    /// The repository has no such file.
    case noFile(String, of: String, meant: [String])
    /// The owner of the repository wants its terms accepted first.
    case gated(String, page: String, hasToken: Bool)
    /// The server does not accept the token.
    case badToken
    /// The server wants fewer requests.
    case rateLimited(seconds: Int?, hasToken: Bool)
    /// The server answers with an error.
    case refused(status: Int, url: String)
    /// The server's answer is not what the hub's interface promises.
    case badAnswer(String, url: String)
    /// No connection could be made, so that nothing was downloaded.
    case notReached(host: String)
    /// The connection failed during a download, again and again.
    case unreachable(host: String, reason: String)
    /// What arrived has another hash or size than the server promised, twice.
    case damaged(file: String)
    /// The repository holds nothing that Gesso reads.
    case nothingToLoad(String, reason: String)
    /// The repository holds several files of which one must be named.
    case severalFiles(String, files: [String])
    /// The disk has not enough room.
    case noRoom(needed: Int, free: Int, folder: String)
    /// The cache cannot be written to.
    case cannotWrite(path: String, reason: String)
    /// The authority for time stamps gave no answer.
    case noTimeStamp(reason: String)
    /// The licence was not accepted.
    case licenseNotAccepted(String, canAsk: Bool)

    /// One line.
    public var description: String {
        switch self {
        case .badName(let name, let meant):
            "'\(name.prefix(60))' is no model's name: "
                + (meant.map { "did you mean '\($0)'? " } ?? "")
                + "give a name of `gesso model list --available`, or org/name"
        case .offline(let variable): "\(variable) is set: unset it to download"
        case .badVariable(let name, let reason): "$\(name) \(reason)"
        case .noRepository(let name, let hasToken):
            "\(name): no such repository, or it is private: "
                + (hasToken
                    ? "check the name and what the token may read"
                    : "check the name, or set HF_TOKEN")
        case .noRevision(let revision, let name):
            "\(name): has no branch, tag or commit '\(revision.prefix(60))'"
        case .noFile(let file, let name, let meant):
            "\(name): has no file '\(file.prefix(80))'"
                + (meant.isEmpty ? "" : ": did you mean \(Self.list(meant))?")
        case .gated(let name, let page, let hasToken):
            "\(name): its owner asks for consent: accept the terms at \(page)"
                + (hasToken ? "" : ", then set HF_TOKEN to a token of yours")
        case .badToken:
            "the server does not accept the token: renew HF_TOKEN, or the file that holds it"
        case .rateLimited(let seconds, let hasToken):
            "the server asks for fewer requests: try again "
                + (seconds.map { "in \($0) s" } ?? "later")
                + (hasToken ? "" : ", or set HF_TOKEN, which raises the limit")
        case .refused(let status, let url): "\(url): the server answers \(status): try again later"
        case .badAnswer(let what, let url):
            "\(url): not an answer of a model hub: \(what): check HF_ENDPOINT and proxies"
        case .notReached(let host):
            "\(host): cannot be reached: check the network, HF_ENDPOINT or the proxy"
        case .unreachable(let host, let reason):
            "\(host): cannot be reached: \(reason): run the same command again to resume"
        case .damaged(let file):
            "\(file): arrived damaged twice: run the same command again, or check proxies"
        case .nothingToLoad(let name, let reason): "\(name): \(reason)"
        case .severalFiles(let name, let files):
            "\(name): holds \(files.count) models: name one with --file: \(Self.list(files))"
        case .noRoom(let needed, let free, let folder):
            "\(folder): needs \(bytes(needed)), has \(bytes(free)): make room, or set HF_HUB_CACHE"
        case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
        case .noTimeStamp(let reason): reason
        case .licenseNotAccepted(let license, let canAsk):
            canAsk
                ? "the licence was not accepted: \(license)"
                : "the licence is to be accepted first: \(license): give --accept-license"
        }
    }

    /// The exit code of a program that ends with it (sysexits.h).
    public var exitCode: Int32 {
        switch self {
        case .badName, .offline, .badVariable, .severalFiles, .licenseNotAccepted: 64
        case .damaged, .badAnswer: 65
        case .noRepository, .noRevision, .noFile, .gated, .badToken, .nothingToLoad: 66
        case .cannotWrite: 73
        case .refused, .notReached, .unreachable, .noTimeStamp, .noRoom: 74
        case .rateLimited: 75
        }
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
    }
}

/// A number of bytes for people: `2.7 GB`.
public func bytes(_ count: Int) -> String {
    let steps = [
        (1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"),
    ]
    guard let (unit, name) = steps.first(where: { count >= $0.0 }) else { return "\(count) B" }
    let tenth = unit / 10
    let tenths = count / tenth + (count % tenth >= tenth / 2 ? 1 : 0)
    return tenths >= 1000 ? "\(tenths / 10) \(name)" : "\(tenths / 10).\(tenths % 10) \(name)"
}
