import Foundation
import Gesso
import TestSupport
import Testing

/// Limits of what is read from folders and receipts, each just reached and just passed (Limits.md).
@Suite struct GessoLimitTests {
    private func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: UUID().uuidString, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test func aReceiptHasSoManyBytes() throws {
        let receipt = try Data(
            contentsOf: Fixtures.folder.appending(path: "Receipts/inpaint.json"))
        try inFolder { folder in
            let file = folder.appending(path: "receipt.json")
            for (extra, isRead) in [(0, true), (1, false)] {
                let blank = Data(repeating: 0x20, count: 16 << 20 - receipt.count + extra)
                try (receipt + blank).write(to: file)
                #expect(((try? Receipt(contentsOf: file, named: "r")) != nil) == isRead)
            }
        }
    }

    @Test func aReceiptHasSoManyParts() throws {
        let receipt = try String(
            contentsOf: Fixtures.folder.appending(path: "Receipts/inpaint.json"), encoding: .utf8)
        try inFolder { folder in
            let file = folder.appending(path: "receipt.json")
            for (count, isRead) in [(90_000, true), (100_001, false)] {
                let list = Array(repeating: "1", count: count).joined(separator: ",")
                let text = receipt.replacing("\n}", with: ",\n\"x\": [\(list)]\n}")
                try text.write(to: file, atomically: false, encoding: .utf8)
                #expect(((try? Receipt(contentsOf: file, named: "r")) != nil) == isRead)
            }
        }
    }

    /// A request as a receipt keeps it, with a mask.
    private func request(_ mask: String, quality: Int = 80) throws -> Request {
        let edit = "{\"verb\": \"inpaint\", \"settings\": {\"prompt\": \"x\"}, \"mask\": \(mask)}"
        let text = "{\"edits\": [\(edit)], \"quality\": \(quality)}"
        return try JSONDecoder().decode(Request.self, from: Data(text.utf8))
    }

    private func mask(of count: Int, grow: Int = 0) -> String {
        let parts = Array(repeating: "{\"shape\": \"alpha\"}", count: count)
        return "{\"parts\": [\(parts.joined(separator: ","))], \"grow\": \(grow)}"
    }

    @Test func aMaskOfAReceiptHasSoManyParts() throws {
        #expect(try request(mask(of: 1024)).edits[0].mask?.parts.count == 1024)
        for mask in [mask(of: 1025), "{\"parts\": [{\"mask\": \(mask(of: 1024))}]}"] {
            let error = #expect(throws: RecipeError.self) { try request(mask) }
            #expect(error.map { "\($0)".hasPrefix("a mask of more than 1024 parts: ") } == true)
        }
    }

    @Test(arguments: [
        (512, true), (513, false), (-512, true), (-513, false), (Int.max, false), (Int.min, false),
    ])
    func aMaskOfAReceiptGrowsSoFar(_ grow: Int, _ isTaken: Bool) throws {
        for mask in [
            mask(of: 1, grow: grow), "{\"parts\": [{\"mask\": \(mask(of: 1, grow: grow))}]}",
        ] {
            #expect(((try? request(mask)) != nil) == isTaken)
        }
    }

    @Test(arguments: [(1, true), (100, true), (0, false), (101, false), (-1, false)])
    func aReceiptHasAQuality(_ quality: Int, _ isTaken: Bool) {
        #expect(((try? request(mask(of: 1), quality: quality)) != nil) == isTaken)
    }

    /// Of 20,000 weights and folders all are looked at, of 20,001 all but one; other files do not count.
    @Test func aFolderHasSoManyEntries() throws {
        try inFolder { folder in
            for number in 0..<19_999 {
                let file = folder.appending(path: "\(number).pt").path
                close(open(file, O_CREAT | O_WRONLY, 0o600))
            }
            let model = folder.appending(path: "z.safetensors")
            try Data([0]).write(to: model)
            try Data([0]).write(to: folder.appending(path: "x.txt"))
            let all = FolderSearch.items(in: folder)
            #expect(all.count == 20_000 && all.last?.path == "z.safetensors")
            try Data([0]).write(to: folder.appending(path: "y.pt"))
            let most = FolderSearch.items(in: folder)
            #expect(most.count == 20_000 && most.last?.path == "y.pt")
        }
    }

    @Test func foldersAreSoDeep() throws {
        try inFolder { folder in
            let path = (1...7).map { "\($0)/" }
            let deepest = folder.appending(path: path.joined())
            try FileManager.default.createDirectory(
                at: deepest, withIntermediateDirectories: true)
            try Data([0]).write(to: deepest.appending(path: "b.safetensors"))
            let above = path.dropLast().joined()
            try Data([0]).write(to: folder.appending(path: above + "a.safetensors"))
            #expect(FolderSearch.items(in: folder).map(\.path) == [above + "a.safetensors"])
        }
    }

    @Test func aGridHasSoManyPictures() throws {
        func places(_ axes: String...) throws -> Int {
            try Grid.places(axes.map { try GridAxis($0, option: "--x") }).count
        }
        #expect(try places("seed=1-100", "steps=1-4") == 400)
        #expect(throws: GessoError.self) { try places("seed=1-67", "steps=1-6") }
    }

    @Test func aTableOfPicturesHasASize() throws {
        let axes = try ["seed=1-10", "steps=1-10"].map { try GridAxis($0, option: "--x") }
        let grid = Grid(over: axes, cells: [])
        // 100 pictures of 759 pixels a side with names and margins are 63.98 megapixels, of 760 they are 64.14.
        try grid.checkSize(of: nil, side: 759)
        #expect(throws: GessoError.self) { try grid.checkSize(of: nil, side: 760) }
    }

    /// Names behind the first hundred count as not here.
    @Test func soManyNamesOfSettingsAreLookedFor() throws {
        try inFolder { folder in
            let loras = folder.appending(path: "loras")
            try FileManager.default.createDirectory(at: loras, withIntermediateDirectories: true)
            for name in ["l99", "l100"] {
                try Data([0]).write(to: loras.appending(path: name + ".safetensors"))
            }
            let tags = (0...100).map { "<lora:l\($0):1>" }.joined()
            let stored = PictureSettings(
                Infotext("x\(tags)\nSteps: 1, Sampler: Euler, CFG scale: 7"), of: "p")
            let library = Library(
                Places(environment: ["GESSO_MODELS": folder.path], folder: folder))
            #expect(library.available(stored).prompt == "x<lora:l99:1>")
        }
    }

    /// A checkpoint is looked for by its hash among so many bytes of files, the smallest first.
    @Test func soManyBytesAreHashedForACheckpoint() throws {
        try inFolder { folder in
            for (name, size) in [("a", 1000), ("b", 2000)] {
                try Data(repeating: UInt8(size / 1000), count: size)
                    .write(to: folder.appending(path: name + ".safetensors"))
            }
            let hash = Digest.sha256(Data(repeating: 2, count: 2000)).prefix(10)
            let stored = PictureSettings(
                Infotext("x\nSteps: 1, Sampler: Euler, CFG scale: 7, Model hash: \(hash)"), of: "p")
            func found(_ bytes: Int) -> StoredModel {
                let library = Library(
                    Places(environment: ["GESSO_MODELS": folder.path], folder: folder))
                return library.checkpoint(of: stored, insteadOf: nil, hashing: bytes)
            }
            #expect(found(3000).name == "b.safetensors")
            #expect(found(2999).name == nil)
            #expect(
                found(2999).note?.contains("the largest checkpoints were not compared") == true)
        }
    }
}
