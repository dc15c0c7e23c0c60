import Files
package import Foundation
import Synchronization

/// An imitation of a model hub: the routes that list a repository and hand out its files, and a second
/// server, for large files, that the first redirects to. `huggingface_hub` downloads from it
/// (`Scripts/try-hub`), which is what proves the imitation.
package final class HubServer: Sendable {
    /// A file of a repository.
    package struct File: Sendable {
        package let path: String
        package let bytes: Data
        /// Whether it is stored as large files are.
        package let isLarge: Bool

        package init(_ path: String, _ bytes: Data, isLarge: Bool? = nil) {
            (self.path, self.bytes) = (path, bytes)
            self.isLarge = isLarge ?? path.hasSuffix(".safetensors")
        }

        /// The name of its bytes.
        package var blob: String {
            if isLarge { return Digest.sha256(bytes) }
            let hash = Digest(.sha1)
            hash.update(Data("blob \(bytes.count)\0".utf8))
            hash.update(bytes)
            return hash.hexadecimal()
        }
    }

    /// A repository.
    package struct Repository: Sendable {
        package var name: String
        package var files: [File]
        package var license = "mit"
        package var isGated = false
        package var revisions = ["main": String(repeating: "0a", count: 20)]

        package init(_ name: String, _ files: [File]) { (self.name, self.files) = (name, files) }
    }

    /// What goes wrong, once.
    package enum Fault: Sendable {
        /// The connection ends after so many bytes of the body.
        case cut(after: Int)
        /// The connection ends without an answer.
        case reset
        /// Nothing is sent for so many seconds.
        case silence(Double)
        /// The whole file, whatever range was asked for.
        case wholeFile
        /// A range that begins elsewhere.
        case otherRange
        /// The first byte is another.
        case otherBytes
        /// One byte more than the file has.
        case tooLong
        /// Another status, with these fields.
        case status(Int, [String: String] = [:])
        /// A page of a router that wants a login.
        case page
        /// A list of files with such a path in it.
        case path(String)
        /// A list of files with one of that size in it.
        case size(Int)
    }

    /// What was asked for.
    package struct Request: Sendable {
        /// `hub` or `storage`.
        package let server: String
        package let method: String
        package let target: String
        package let authorization: String?
        package let range: String?
    }

    fileprivate struct State {
        var faults: [String: [Fault]] = [:]
        var requests: [Request] = []
    }

    /// The token that gated repositories are shown for.
    package static let token = "hf_secret"
    /// How many files are listed at once.
    private static let pageSize = 3

    fileprivate final class Core: Sendable {
        let repositories: [String: Repository]
        let state = Mutex(State())
        let storagePort = Mutex(0)

        init(_ repositories: [Repository]) {
            self.repositories = Dictionary(repositories.map { ($0.name, $0) }) { $1 }
        }
    }

    private let core: Core
    private let hub: WebServer
    private let storage: WebServer

    /// Starts it.
    package init(_ repositories: [Repository]) throws {
        let core = Core(repositories)
        self.core = core
        storage = try WebServer { core.storageAnswer($0) }
        let port = storage.port
        core.storagePort.withLock { $0 = port }
        hub = try WebServer { core.hubAnswer($0) }
    }

    /// Its address.
    package var address: String { "http://127.0.0.1:\(hub.port)" }

    /// What was asked for so far.
    package var requests: [Request] { core.state.withLock { $0.requests } }

    /// Lets the next answers for a route go wrong: `revision`, `tree`, a file's path on the hub, or a file's
    /// path behind `storage:`.
    package func fail(_ route: String, _ faults: [Fault]) {
        core.state.withLock { $0.faults[route, default: []] += faults }
    }

    /// Ends it.
    package func stop() {
        hub.stop()
        storage.stop()
    }
}

extension HubServer.Core {
    private typealias Answer = WebServer.Answer

    func hubAnswer(_ request: WebServer.Request) -> WebServer.Answer {
        note(request, "hub")
        let target = request.target.split(separator: "?")[0]
        let words = target.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        if words.count >= 4, words[0] == "api", words[1] == "models" {
            let place = words.count >= 6 ? (words[4], words[5]) : ("revision", "main")
            return list(request, "\(words[2])/\(words[3])", place.0, place.1)
        }
        if words.count >= 5, words[2] == "resolve" {
            let path = words.dropFirst(4).joined(separator: "/")
            return resolve(request, "\(words[0])/\(words[1])", words[3], path)
        }
        return Self.missing(404, "RepoNotFound")
    }

    func storageAnswer(_ request: WebServer.Request) -> WebServer.Answer {
        note(request, "storage")
        let blob = request.target.split(separator: "?")[0].split(separator: "/").last ?? ""
        let files = repositories.values.flatMap(\.files)
        guard let file = files.first(where: { $0.isLarge && $0.blob == blob }) else {
            return Answer(status: 404)
        }
        return bytes(of: file, request, fault: next("storage:" + file.path))
    }

    private func note(_ request: WebServer.Request, _ server: String) {
        state.withLock {
            $0.requests.append(
                HubServer.Request(
                    server: server, method: request.method, target: request.target,
                    authorization: request.fields["authorization"],
                    range: request.fields["range"]))
        }
    }

    private func next(_ route: String) -> HubServer.Fault? {
        state.withLock { state in
            guard let fault = state.faults[route]?.first else { return nil }
            state.faults[route]?.removeFirst()
            return fault
        }
    }

    /// The repository and commit, or why there is none.
    private func find(
        _ request: WebServer.Request, _ name: String, _ revision: String
    ) -> Result<(HubServer.Repository, String), Refusal> {
        let token = request.fields["authorization"]
        if let token, token != "Bearer " + HubServer.token {
            return .failure(
                Refusal(
                    Answer(
                        status: 401,
                        fields: [
                            ("X-Error-Message", "Invalid credentials in Authorization header")
                        ])))
        }
        // The hub does not tell strangers whether a name is free or private.
        guard let repository = repositories[name] else {
            return .failure(Refusal(Self.missing(token == nil ? 401 : 404, "RepoNotFound")))
        }
        if repository.isGated, token == nil {
            return .failure(Refusal(Self.missing(401, "GatedRepo")))
        }
        let commits = repository.revisions.values
        guard
            let commit = repository.revisions[revision]
                ?? (commits.contains(revision) ? revision : nil)
        else { return .failure(Refusal(Self.missing(404, "RevisionNotFound"))) }
        return .success((repository, commit))
    }

    private struct Refusal: Error {
        let answer: Answer
        init(_ answer: Answer) { self.answer = answer }
    }

    private static func missing(_ status: Int, _ code: String) -> Answer {
        Answer(status: status, fields: [("X-Error-Code", code), ("X-Error-Message", code)])
    }

    private static func json(_ value: Any, _ fields: [(String, String)] = []) -> Answer {
        let body = (try? JSONSerialization.data(withJSONObject: value)) ?? Data()
        return Answer(fields: fields + [("Content-Type", "application/json")], body: body)
    }

    private func list(
        _ request: WebServer.Request, _ name: String, _ route: String, _ revision: String
    ) -> Answer {
        let fault = next(route)
        switch fault {
        case .reset: return Answer(isReset: true)
        case .status(let status, let fields):
            return Answer(status: status, fields: fields.map { ($0, $1) })
        case .page: return Answer(body: Data("<html>Log in</html>".utf8))
        default: break
        }
        switch find(request, name, revision) {
        case .failure(let refusal): return refusal.answer
        case .success((let repository, let commit)):
            if route == "tree" { return tree(request, repository, commit, fault) }
            return Self.json([
                "id": name, "sha": commit, "private": false, "gated": repository.isGated,
                "tags": ["license:" + repository.license], "downloads": 0, "likes": 0,
                "cardData": ["license": repository.license],
                "siblings": repository.files.map { ["rfilename": $0.path] },
            ])
        }
    }

    private func tree(
        _ request: WebServer.Request, _ repository: HubServer.Repository, _ commit: String,
        _ fault: HubServer.Fault?
    ) -> Answer {
        let query = URLComponents(string: request.target)?.queryItems ?? []
        let start = query.first { $0.name == "cursor" }?.value.flatMap { Int($0) } ?? 0
        let page = repository.files.dropFirst(start).prefix(HubServer.pageSize)
        var entries: [[String: Any]] = page.map { file in
            var entry: [String: Any] = [
                "type": "file", "path": file.path, "size": file.bytes.count,
                "oid": file.isLarge ? String(repeating: "1b", count: 20) : file.blob,
            ]
            if file.isLarge {
                entry["lfs"] = ["oid": file.blob, "size": file.bytes.count, "pointerSize": 134]
            }
            return entry
        }
        let folders = Set(page.compactMap { $0.path.split(separator: "/").dropLast().first })
        entries += folders.sorted().map {
            ["type": "directory", "path": String($0), "size": 0, "oid": commit]
        }
        if case .path(let path)? = fault {
            entries.append(["type": "file", "path": path, "size": 1, "oid": commit])
        }
        if case .size(let size)? = fault {
            entries.append(["type": "file", "path": "x.json", "size": size, "oid": commit])
        }
        let rest = start + page.count
        let address = "/api/models/\(repository.name)/tree/\(commit)?recursive=true&cursor=\(rest)"
        let host = request.fields["host"] ?? ""
        let link = [("Link", "<http://\(host)\(address)>; rel=\"next\"")]
        return Self.json(entries, rest < repository.files.count ? link : [])
    }

    private func resolve(
        _ request: WebServer.Request, _ name: String, _ revision: String, _ path: String
    ) -> Answer {
        switch find(request, name, revision) {
        case .failure(let refusal): return refusal.answer
        case .success((let repository, let commit)):
            guard let file = repository.files.first(where: { $0.path == path }) else {
                var missing = Self.missing(404, "EntryNotFound")
                missing.fields.append(("X-Repo-Commit", commit))
                return missing
            }
            let fault = request.method == "GET" ? next(path) : nil
            var common = [("X-Repo-Commit", commit), ("ETag", "\"\(file.blob)\"")]
            guard file.isLarge else {
                var answer = bytes(of: file, request, fault: fault)
                answer.fields += common
                return answer
            }
            if case .status(let status, let fields)? = fault {
                return Answer(status: status, fields: fields.map { ($0, $1) })
            }
            common += [
                ("X-Linked-Etag", "\"\(file.blob)\""), ("X-Linked-Size", "\(file.bytes.count)"),
                (
                    "Location",
                    "http://127.0.0.1:\(storagePort.withLock { $0 })/blobs/\(file.blob)?signature=x"
                ),
            ]
            return Answer(status: 302, fields: common)
        }
    }

    /// The bytes of a file, or of the range that is asked for.
    private func bytes(
        of file: HubServer.File, _ request: WebServer.Request, fault: HubServer.Fault?
    ) -> Answer {
        var answer = Answer(body: file.bytes)
        var start = 0
        let range = request.fields["range"].flatMap { text in
            Int(text.dropFirst("bytes=".count).prefix { $0 != "-" })
        }
        if let range {
            guard range < file.bytes.count else { return Answer(status: 416) }
            (start, answer.status, answer.body) = (range, 206, Data(file.bytes.dropFirst(range)))
        }
        switch fault {
        case .cut(let count): answer.cut = count
        case .reset: answer.isReset = true
        case .silence(let seconds): answer.silence = seconds
        case .wholeFile: (answer.status, answer.body) = (200, file.bytes)
        case .otherRange: start += 1
        case .otherBytes: if !answer.body.isEmpty { answer.body[0] ^= 1 }
        case .tooLong: answer.body.append(0)
        case .status(let status, let fields):
            return Answer(status: status, fields: fields.map { ($0, $1) })
        case .page: answer = Answer(body: Data("<html>Log in</html>".utf8))
        case .path, .size, nil: break
        }
        if answer.status == 206 {
            let last = file.bytes.count - 1
            answer.fields.append(("Content-Range", "bytes \(start)-\(last)/\(file.bytes.count)"))
        }
        answer.fields.append(("Accept-Ranges", "bytes"))
        return answer
    }
}
