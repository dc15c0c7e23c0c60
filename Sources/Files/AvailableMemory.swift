import Foundation

/// Bytes that this process can still have without swapping: what the system has to spare, within the
/// process's own limits (`ulimit -v`, `ulimit -d`) and its control group's; nil where nothing says.
public func availableMemory() -> Int? {
    let own = [room(in: RLIMIT_AS, after: "VmSize"), room(in: RLIMIT_DATA, after: "VmData")]
    return ([availableMemory(under: "")] + own).compactMap(\.self).min()
}

/// The same without the process's own limits, by the files that the system shows under a folder, which is
/// another one in tests.
package func availableMemory(under root: String) -> Int? {
    let system = kibibytes("MemAvailable", in: root + "/proc/meminfo")
    return ([system].compactMap(\.self) + controlGroups(root)).min()
}

/// What is left of a limit of the process, of which the system shows what is used under a name.
private func room(in resource: __rlimit_resource, after name: String) -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0,
        let most = Int(exactly: limit.rlim_cur),
        let used = kibibytes(name, in: "/proc/self/status")
    else { return nil }
    return max(0, most - used)
}

/// Where a version of control groups shows the memory of a group, and the names of what is read there.
private struct ControlGroups {
    let mount: String
    let limit: String
    let usage: String
    /// Cached files count as used, but can be dropped.
    let cached: String

    static let first = ControlGroups(
        mount: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes",
        usage: "memory.usage_in_bytes", cached: "total_inactive_file ")
    static let second = ControlGroups(
        mount: "/sys/fs/cgroup", limit: "memory.max", usage: "memory.current",
        cached: "inactive_file ")

    /// What is left to the group of a folder; nil where it has no limit, or is not shown.
    func room(in folder: String) -> Int? {
        func number(_ name: String) -> Int? {
            text(of: folder + "/" + name).flatMap {
                Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        guard let most = number(limit), most >= 0, let used = number(usage) else { return nil }
        let line = text(of: folder + "/memory.stat")?.split(separator: "\n")
            .first { $0.hasPrefix(cached) }
        let dropped = line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
        return max(0, most - max(0, used - dropped))
    }
}

/// What is left to each control group that a container or a batch system runs us in, from our own up to
/// the root.
private func controlGroups(_ root: String) -> [Int] {
    let lines = text(of: root + "/proc/self/cgroup")?.split(separator: "\n") ?? []
    return lines.flatMap { line -> [Int] in
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return [] }
        let isSecond = parts[0] == "0" && parts[1].isEmpty
        guard isSecond || parts[1].split(separator: ",").contains("memory") else { return [] }
        let groups = isSecond ? ControlGroups.second : .first
        // A container may see the names of groups outside of it, whose folders are not there.
        var names = parts[2].split(separator: "/").filter { $0 != ".." }
        var rooms: [Int] = []
        while true {
            let folder = ([root + groups.mount] + names.map(String.init)).joined(separator: "/")
            rooms += groups.room(in: folder).map { [$0] } ?? []
            if names.popLast() == nil { return rooms }
        }
    }
}

private func text(of path: String) -> String? {
    try? String(contentsOfFile: path, encoding: .utf8)
}

/// A line `name:  1234 kB`, in bytes.
private func kibibytes(_ name: String, in path: String) -> Int? {
    let line = text(of: path)?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0.trimmingPrefix("\t")) }
        .map { min($0, .max / 1024) * 1024 }
}
