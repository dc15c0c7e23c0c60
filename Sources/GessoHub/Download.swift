public import Foundation
import Synchronization

/// A download of a repository's files into the cache: what it takes, and carrying it out.
public struct Download: Sendable {
    /// What is known before a byte of a file has arrived.
    public struct Plan: Sendable {
        /// The repository.
        public let repository: Repository
        /// The commit that its revision is at.
        public let commit: String
        /// The identifier of the licence, where the server knows it.
        public let license: String?
        /// Every file of the repository.
        public let listing: [RemoteFile]
        /// The files to have, in the order of their paths.
        public var files: [RemoteFile]
    }

    private let settings: HubSettings

    /// A download with these settings.
    public init(_ settings: HubSettings) { self.settings = settings }

    /// Asks the server what a repository holds and chooses the files.
    ///
    /// - Throws: `HubError`.
    public func plan(_ repository: Repository, _ choice: FileChoice) async throws -> Plan {
        try await withClient { client in
            let listing = try await client.listing(of: repository)
            return Plan(
                repository: repository, commit: listing.commit, license: listing.license,
                listing: listing.files,
                files: try choice.chosen(from: listing.files, of: repository.name))
        }
    }

    /// Whether a file is in the cache, whole.
    public func has(_ file: RemoteFile, of plan: Plan) -> Bool {
        HubCache(settings.cache, plan.repository).has(file)
    }

    /// The bytes that are still to come.
    public func missingBytes(_ plan: Plan) -> Int {
        let cache = HubCache(settings.cache, plan.repository)
        return plan.files.reduce(0) { $0 + $1.size - cache.arrived($1) }
    }

    /// Checks that there is room for what is still to come.
    ///
    /// - Throws: `HubError.noRoom`.
    public func checkRoom(_ plan: Plan) throws(HubError) {
        let needed = missingBytes(plan)
        let free = HubCache(settings.cache, plan.repository).freeBytes ?? .max
        guard needed == 0 || needed + 1 << 20 <= free else {
            throw .noRoom(
                needed: needed, free: free, folder: settings.cache.path(percentEncoded: false))
        }
    }

    /// Downloads what is not here, several files at once, checks every hash, and notes the commit under its
    /// revision once all files are there. What an earlier run left is taken up.
    ///
    /// - Parameter progress: is called with the bytes that are here and those of all files, often and from
    ///   any thread.
    /// - Returns: the folder of the snapshot.
    /// - Throws: `HubError`, `CancellationError`.
    public func run(
        _ plan: Plan, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) async throws -> URL {
        let cache = HubCache(settings.cache, plan.repository)
        try checkRoom(plan)
        try cache.prepare()
        let total = plan.files.reduce(0) { $0 + $1.size }
        let here = plan.files.map { ($0, cache.arrived($0)) }
        let arrived = Arrived(here.reduce(0) { $0 + $1.1 })
        progress(arrived.count, total)
        try await withClient { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                // The largest file takes longest, so it comes first.
                var waiting = here.sorted { $0.0.size < $1.0.size }
                func start() {
                    guard let (file, counted) = waiting.popLast() else { return }
                    let blob = BlobDownload(
                        file: file, repository: plan.repository, commit: plan.commit, cache: cache,
                        client: client, counted: counted
                    ) { progress(arrived.add($0), total) }
                    group.addTask { try await blob.run() }
                }
                for _ in 0..<max(settings.parallelFiles, 1) { start() }
                while try await group.next() != nil { start() }
            }
        }
        try cache.note(plan.repository.revision, at: plan.commit)
        return cache.snapshot(plan.commit)
    }

    private func withClient<Result: Sendable>(
        _ body: @Sendable (HubClient) async throws -> Result
    ) async throws -> Result {
        let client = HubClient(settings)
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }
}

/// How many bytes are here.
private final class Arrived: Sendable {
    private let value: Mutex<Int>

    init(_ count: Int) { value = Mutex(count) }

    var count: Int { value.withLock { $0 } }

    func add(_ change: Int) -> Int {
        value.withLock {
            $0 += change
            return $0
        }
    }
}
