import Foundation

/// The processor that the system names.
enum Processor {
    /// Its name.
    static var name: String { entry("model name") ?? entry("CPU part") ?? "unknown" }

    /// Those of its features that the kernels can make use of.
    static var features: String {
        let all = Set(
            (entry("flags") ?? entry("Features") ?? "").split(separator: " ").map(String.init))
        let here = useful.filter(all.contains)
        return here.isEmpty ? "none that the kernels use" : here.joined(separator: " ")
    }

    private static let useful = [
        "avx2", "fma", "f16c", "avx512f", "avx512vl", "avx512bw", "avx512dq", "avx_vnni",
        "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8", "asimd", "asimddp",
        "bf16",
    ]

    private static func entry(_ name: String) -> String? {
        let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        return text?.split(separator: "\n").first { $0.hasPrefix(name) }
            .flatMap { $0.split(separator: ":", maxSplits: 1).last }
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
