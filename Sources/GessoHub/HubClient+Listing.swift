import Foundation

extension HubClient {
    /// The most parts of a listing, and files in it.
    private static let mostPages = 100
    private static let mostFiles = 100_000
    /// The most bytes of a file: those of so many files can be added up.
    private static let mostBytes = 1 << 44

    private struct Info: Decodable {
        let sha: String?
        let tags: [String]?
        let cardData: Card?

        struct Card: Decodable {
            let license: String?

            private enum CodingKeys: String, CodingKey { case license }

            init(from decoder: any Decoder) throws {
                // Some cards have a list here.
                license = try? decoder.container(keyedBy: CodingKeys.self)
                    .decode(String.self, forKey: .license)
            }
        }
    }

    private struct Entry: Decodable {
        let type: String
        let path: String
        let oid: String?
        let size: Int?
        let lfs: Large?

        struct Large: Decodable {
            let oid: String
            let size: Int
        }
    }

    /// What a repository holds at its revision.
    ///
    /// - Throws: `HubError`.
    func listing(of repository: Repository) async throws -> Listing {
        let api = settings.endpoint.appending(path: "api/models/\(repository.name)")
        let address = api.appending(path: "revision").appending(component: repository.revision)
        let info: Info = try decoded(await json(address, for: repository).data, from: address)
        guard let commit = info.sha, Self.isHexadecimal(commit, 40) else {
            throw HubError.badAnswer("no commit", url: address.withoutQuery)
        }
        let tree = api.appending(path: "tree/\(commit)")
            .appending(queryItems: [URLQueryItem(name: "recursive", value: "true")])
        var files: [RemoteFile] = []
        var (page, count): (URL?, Int) = (tree, 0)
        while let next = page, count < Self.mostPages, files.count < Self.mostFiles {
            guard next.hasOrigin(of: settings.endpoint) else {
                throw HubError.badAnswer(
                    "a listing that continues on another host", url: next.withoutQuery)
            }
            let answer = try await json(next, for: repository)
            let entries: [Entry] = try decoded(answer.data, from: next)
            files += try entries.filter { $0.type == "file" }.map { try file($0, from: next) }
            (page, count) = (answer.next, count + 1)
        }
        let tag = info.tags?.first { $0.hasPrefix("license:") }?.dropFirst("license:".count)
        let license = info.cardData?.license ?? tag.map { String($0) }
        // Its owner writes what he likes there, and a person is to accept what is shown.
        return Listing(
            commit: commit, license: license.map { $0.prefix(200).escaped }, files: files)
    }

    /// The address of a file's bytes.
    func address(of file: RemoteFile, in repository: Repository, at commit: String) -> URL {
        var url = settings.endpoint.appending(path: "\(repository.name)/resolve/\(commit)")
        for part in file.path.split(separator: "/") { url.append(component: part) }
        return url
    }

    private func file(_ entry: Entry, from url: URL) throws(HubError) -> RemoteFile {
        let (blob, size) = (entry.lfs?.oid ?? entry.oid ?? "", entry.lfs?.size ?? entry.size ?? -1)
        guard Repository.isPath(entry.path), entry.path.utf8.count <= 1000,
            (0...Self.mostBytes).contains(size),
            Self.isHexadecimal(blob, entry.lfs == nil ? 40 : 64)
        else {
            throw .badAnswer(
                "a file that cannot be kept: '\(entry.path.prefix(60).escaped)'",
                url: url.withoutQuery)
        }
        return RemoteFile(path: entry.path, size: size, blob: blob)
    }

    private func decoded<Value: Decodable>(_ data: Data, from url: URL) throws(HubError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw .badAnswer("no list of files", url: url.withoutQuery)
        }
    }

    private static func isHexadecimal(_ text: String, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

extension StringProtocol {
    /// Without characters that a terminal would act on.
    fileprivate var escaped: String {
        String(
            unicodeScalars.map {
                $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : Character($0)
            })
    }
}
