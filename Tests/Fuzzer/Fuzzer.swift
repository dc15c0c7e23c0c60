import CFuzzer
import Foundation
import FuzzTargets

/// `gesso-fuzz` alone lists the targets; `gesso-fuzz TARGET FOLDER [OPTION...]` writes the corpus of a
/// target and its words into a folder and lets libFuzzer search from there.
@main struct Fuzzer {
    /// The target that libFuzzer's function calls, which takes no context; set once, before the search.
    nonisolated(unsafe) private static var target: FuzzTarget?
    /// How many inputs it was called with.
    nonisolated(unsafe) private static var count = 0
    /// After so many inputs it is seen what else they reached.
    private static let interval = 1024

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 1 else {
            for target in FuzzTarget.all { print(target.name) }
            return
        }
        guard arguments.count > 2,
            let target = FuzzTarget.all.first(where: { $0.name == arguments[1] })
        else {
            print("There is no target \(arguments[1]), or no folder is given.")
            exit(64)
        }
        let folder = URL(filePath: arguments[2])
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for seed in try target.corpus() {
            try seed.data.write(to: folder.appending(path: seed.name))
        }
        // The last of two options of a name is the one that counts.
        var options = ["-max_len=\(target.longest)"] + arguments.dropFirst(3)
        if !target.words.isEmpty {
            let words = folder.deletingLastPathComponent().appending(path: target.name + ".words")
            let lines = target.words.map { "\"\(escaped($0))\"\n" }
            try Data(lines.joined().utf8).write(to: words)
            options.append("-dict=\(words.path)")
        }
        Self.target = target
        // What the corpus reaches is looked at from the first input on.
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            guard let data = try? Data(contentsOf: folder.appending(path: name)) else { continue }
            try? target.run(data)
        }
        fuzzer_watch_reached()
        search([arguments[0], folder.path] + options)
    }

    /// libFuzzer's notation: every byte but letters and digits in hexadecimal digits.
    private static func escaped(_ word: String) -> String {
        word.utf8.map { byte in
            let isPlain = byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter
            return isPlain
                ? String(Unicode.Scalar(byte))
                : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private static func search(_ arguments: [String]) {
        var count = Int32(arguments.count)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        pointers.withUnsafeMutableBufferPointer { buffer in
            var list = buffer.baseAddress
            let code = LLVMFuzzerRunDriver(&count, &list) { bytes, count in
                let data = Data(UnsafeBufferPointer(start: bytes, count: count))
                Fuzzer.count += 1
                if Fuzzer.count.isMultiple(of: Fuzzer.interval) { fuzzer_watch_reached() }
                do {
                    try Fuzzer.target?.run(data)
                } catch {
                    print("finding: \(error)")
                    abort()
                }
                return 0
            }
            exit(code)
        }
    }
}
