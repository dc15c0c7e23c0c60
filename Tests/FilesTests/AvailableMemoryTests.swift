import Files
import Foundation
import Testing

/// What memory there is, by trees of files as the system shows them.
@Suite struct AvailableMemoryTests {
    /// A tree of files by their paths.
    private func available(_ files: [String: String]) throws -> Int? {
        let root = FileManager.default.temporaryDirectory.appending(path: "gesso-\(UUID())")
        defer { try? FileManager.default.removeItem(at: root) }
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        for (path, text) in files {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return availableMemory(under: root.path)
    }

    private let system = ["proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    4000 kB\n"]

    /// The files of a group: its limit, what it uses, what of that are cached files.
    private func group(
        _ folder: String, version: Int, _ limit: String, _ used: Int, cached: Int = 0
    ) -> [String: String] {
        version == 1
            ? [
                folder + "/memory.limit_in_bytes": limit + "\n",
                folder + "/memory.usage_in_bytes": "\(used)\n",
                folder + "/memory.stat": "inactive_file 1\ntotal_inactive_file \(cached)\n",
            ]
            : [
                folder + "/memory.max": limit + "\n", folder + "/memory.current": "\(used)\n",
                folder + "/memory.stat": "anon 5\ninactive_file \(cached)\n",
            ]
    }

    private func all(_ parts: [String: String]...) -> [String: String] {
        parts.reduce(system) { $0.merging($1) { _, new in new } }
    }

    @Test func withoutGroupsTheSystemSays() throws {
        #expect(try available([:]) == nil)
        #expect(try available(system) == 4_096_000)
        #expect(try available(all(["proc/self/cgroup": "nonsense\n"])) == 4_096_000)
    }

    @Test func numbersThatCannotBeAreNone() throws {
        let own = ["proc/self/cgroup": "0::/job\n"]
        for limit in ["-1", "", "99999999999999999999", "1e3"] {
            let job = group("sys/fs/cgroup/job", version: 2, limit, 100)
            #expect(try available(all(own, job)) == 4_096_000)
        }
        let most = ["proc/meminfo": "MemAvailable: \(Int.max) kB\n"]
        #expect(try available(most) == Int.max / 1024 * 1024)
    }

    @Test func theTightestGroupUpToTheRootCounts() throws {
        let own = ["proc/self/cgroup": "0::/user/job/step\n"]
        let step = group("sys/fs/cgroup/user/job/step", version: 2, "max", 100)
        let job = group("sys/fs/cgroup/user/job", version: 2, "1000", 700, cached: 50)
        let user = group("sys/fs/cgroup/user", version: 2, "2000", 800)
        #expect(try available(all(own, step, user)) == 1200)
        #expect(try available(all(own, step, job, user)) == 350)
        // A container that sees names of groups outside of it.
        let inside = group("sys/fs/cgroup", version: 2, "500", 200, cached: 900)
        #expect(try available(all(["proc/self/cgroup": "0::/../outer\n"], inside)) == 500)
    }

    @Test func theFirstVersionIsReadUpToTheRootToo() throws {
        let own = [
            "proc/self/cgroup": "12:cpu,cpuacct:/a\n7:hugetlb,memory:/docker/abc\n0::/system\n"
        ]
        let unlimited = "9223372036854771712"
        let job = group("sys/fs/cgroup/memory/docker/abc", version: 1, unlimited, 100)
        let docker = group("sys/fs/cgroup/memory/docker", version: 1, "3000", 900, cached: 400)
        #expect(try available(all(own, job)) == 4_096_000)
        #expect(try available(all(own, job, docker)) == 2500)
        let root = group("sys/fs/cgroup/memory", version: 1, "1000", 2000)
        #expect(try available(all(own, job, docker, root)) == 0)
    }
}
