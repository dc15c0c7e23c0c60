import Foundation
import Gesso
import Testing

@Suite struct KernelBookTests {
    private func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test func processorsHaveTheirOwnEntries() throws {
        try inFolder { folder in
            let file = folder.appending(path: "deep/kernels.json")
            let (one, other) = (KernelBook(file, processor: "A"), KernelBook(file, processor: "B"))
            one.keep(["bf16 32x32x1": "floats"])
            other.keep(["bf16 32x32x1": "x-bf16"])
            one.keep(["int8 32x32x1": "x-int8"])
            #expect(one.known == ["bf16 32x32x1": "floats", "int8 32x32x1": "x-int8"])
            #expect(other.known == ["bf16 32x32x1": "x-bf16"])
        }
    }

    @Test(arguments: ["", "{", "[]", #"{"A": 3}"#, #"{"A": {"bf16 32x32x1": 3}}"#])
    func aBrokenFileCountsAsEmpty(_ text: String) throws {
        try inFolder { folder in
            let file = folder.appending(path: "kernels.json")
            try Data(text.utf8).write(to: file)
            let book = KernelBook(file, processor: "A")
            #expect(book.known.isEmpty)
            book.keep(["bf16 32x32x1": "floats"])
            #expect(book.known == ["bf16 32x32x1": "floats"])
        }
    }

    /// Whatever is lost when several write at once, the file stays whole.
    @Test func manyMayWriteAtOnce() throws {
        try inFolder { folder in
            let file = folder.appending(path: "kernels.json")
            DispatchQueue.concurrentPerform(iterations: 40) { index in
                let book = KernelBook(file, processor: "A")
                book.keep(["bf16 32x32x\(index)": "floats"])
            }
            let known = KernelBook(file, processor: "A").known
            #expect(!known.isEmpty && known.values.allSatisfy { $0 == "floats" })
        }
    }
}
