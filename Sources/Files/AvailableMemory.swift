import Foundation

/// Bytes that this process can still have without swapping: what the system has to spare, within the
/// process's own limit (`ulimit -v`) and its control group's; nil where nothing says.
public func availableMemory() -> Int? {
    [systemMemory(), addressSpace(), controlGroup()].compactMap(\.self).min()
}

/// The system's own estimate (Linux 3.14).
private func systemMemory() -> Int? { kibibytes("MemAvailable", in: "/proc/meminfo") }

/// What is left of the limit on the address space.
private func addressSpace() -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
        let most = Int(exactly: limit.rlim_cur),
        let used = kibibytes("VmSize", in: "/proc/self/status")
    else { return nil }
    return max(0, most - used)
}

/// What is left to the control group (version 2) that a container or a batch system runs us in.
private func controlGroup() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8),
        let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else { return nil }
    let folder = "/sys/fs/cgroup" + line.dropFirst(3)
    func number(_ name: String) -> Int? {
        let text = try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)
        return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    guard let most = number("memory.max"), let used = number("memory.current") else { return nil }
    // Cached files count as used, but can be dropped.
    let statistics = (try? String(contentsOfFile: folder + "/memory.stat", encoding: .utf8)) ?? ""
    let cached = statistics.split(separator: "\n").first { $0.hasPrefix("inactive_file ") }
        .flatMap { Int($0.split(separator: " ").last ?? "") }
    return max(0, most - used + (cached ?? 0))
}

/// A line `name:  1234 kB`, in bytes.
private func kibibytes(_ name: String, in path: String) -> Int? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0.trimmingPrefix("\t")) }
        .map { $0 * 1024 }
}
