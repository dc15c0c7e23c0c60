import Files
import Foundation
import Testing

@Suite struct AtomicWriteTests {
    private let old = Data("old".utf8), new = Data("new content".utf8)

    /// Runs in a folder of its own and sees to it that no draft stays there.
    private func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gesso-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.allSatisfy { !$0.hasPrefix(".gesso") })
    }

    @Test func writesANewFile() throws {
        try inFolder { folder in
            let file = folder.appending(path: "a.png")
            try checkWritable(file, overwrite: false)
            #expect(!FileManager.default.fileExists(atPath: file.path))
            try writeAtomically(new, to: file, overwrite: false)
            #expect(try Data(contentsOf: file) == new)
        }
    }

    @Test func keepsAnExistingFile() throws {
        try inFolder { folder in
            let file = folder.appending(path: "a.png")
            try old.write(to: file)
            for attempt in [
                { try checkWritable(file, overwrite: false) },
                { try writeAtomically(new, to: file, overwrite: false) },
            ] {
                let error = try #require(throws: FileError.self) { try attempt() }
                #expect(error == .outputExists(path: file.path))
            }
            #expect(try Data(contentsOf: file) == old)
        }
    }

    @Test func replacesWhenAskedAndKeepsTheRights() throws {
        try inFolder { folder in
            let file = folder.appending(path: "a.png")
            try old.write(to: file)
            #expect(chmod(file.path, 0o640) == 0)
            try writeAtomically(new, to: file, overwrite: true)
            #expect(try Data(contentsOf: file) == new)
            let rights = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect(rights[.posixPermissions] as? Int == 0o640)
        }
    }

    @Test func followsALinkOnlyToOverwrite() throws {
        try inFolder { folder in
            let (file, link) = (folder.appending(path: "a.png"), folder.appending(path: "link.png"))
            try old.write(to: file)
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
            #expect(throws: FileError.outputExists(path: link.path)) {
                try writeAtomically(new, to: link, overwrite: false)
            }
            try writeAtomically(new, to: link, overwrite: true)
            #expect(try Data(contentsOf: file) == new)
            #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: link.path)) != nil)
        }
    }

    /// What a killed run leaves is swept by the next write into its folder; what someone still writes, what has
    /// another name and what is no file of its own is not.
    @Test func sweepsTheDraftsOfKilledRuns() throws {
        let others = [
            ".gesso-My notes.tmp", ".gesso-a.png.tmp", ".gesso-\u{E9}.tmp", ".gesso-.tmp",
            ".gesso-longerthananumber.tmp",
        ]
        try inFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            for name in [
                ".gesso-1a.tmp", ".gesso-tag2b.tmp", ".gesso-batch-2of3.3w5e11264sgsf.tmp",
                ".gesso-held.tmp", ".gesso-x", "a.tmp",
            ] + others {
                try old.write(to: folder.appending(path: name))
            }
            let held = open(path(".gesso-held.tmp"), O_RDWR)
            #expect(flock(held, LOCK_EX | LOCK_NB) == 0)
            #expect(symlink(path("a.tmp"), path(".gesso-link.tmp")) == 0)
            #expect(mkfifo(path(".gesso-pipe.tmp"), 0o600) == 0)
            try writeAtomically(new, to: folder.appending(path: "a.png"), overwrite: false)
            func names() throws -> Set<String> {
                Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
            }
            #expect(
                try names()
                    == Set(
                        others + [
                            ".gesso-held.tmp", ".gesso-x", ".gesso-link.tmp", ".gesso-pipe.tmp",
                            "a.tmp", "a.png",
                        ]))
            close(held)
            try checkWritable(folder.appending(path: "b.png"), overwrite: false)
            let kept = others + [".gesso-x", ".gesso-link.tmp", ".gesso-pipe.tmp"]
            #expect(try names() == Set(kept + ["a.tmp", "a.png"]))
            for name in kept { unlink(path(name)) }
        }
    }

    /// Drafts that are written piece by piece are not taken for such; one of a folder that was left is swept, too.
    @Test func draftsTakeTheirNamesWhenTheyAreWhole() throws {
        try inFolder { folder in
            func names() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: folder.path)
                    .filter { !$0.hasPrefix(".gesso-") }.sorted()
            }
            let left = folder.appending(path: ".gesso-1a.tmp")
            try FileManager.default.createDirectory(
                at: left.appending(path: "part"), withIntermediateDirectories: true)
            let target = folder.appending(path: "whole")
            let draft = try FolderDraft(for: target)
            #expect(!FileManager.default.fileExists(atPath: left.path))
            try old.write(to: draft.url.appending(path: "a"))
            let file = try FileDraft(for: folder.appending(path: "file"))
            #expect(write(file.file, "x", 1) == 1)
            try writeAtomically(new, to: folder.appending(path: "b"), overwrite: false)
            #expect(try names() == ["b"])
            try draft.finish()
            try file.finish()
            #expect(try names() == ["b", "file", "whole"])
            #expect(try Data(contentsOf: target.appending(path: "a")) == old)

            let (again, same) = (
                try FolderDraft(for: target), FileError.outputExists(path: target.path)
            )
            #expect(throws: same) { try again.finish() }
            again.discard()
            let other = try FileDraft(for: folder.appending(path: "c"))
            try writeAtomically(new, to: folder.appending(path: "c"), overwrite: false)
            #expect(throws: FileError.self) { try other.finish() }
            other.discard()
            #expect(try names() == ["b", "c", "file", "whole"])
        }
    }

    @Test func saysThatALinkLeadsToAPipe() throws {
        try inFolder { folder in
            var ends: [Int32] = [0, 0]
            #expect(pipe(&ends) == 0)
            defer { for end in ends { close(end) } }
            for overwrite in [false, true] {
                let path = "/proc/self/fd/\(ends[1])"
                #expect(throws: FileError.cannotCreate(path: path, reason: "it is a pipe")) {
                    try checkWritable(URL(filePath: path), overwrite: overwrite)
                }
            }
        }
    }

    @Test func removesOnlyTheDraftsOfATag() throws {
        try inFolder { folder in
            for name in [".gesso-a1.tmp", ".gesso-b1.tmp"] {
                try old.write(to: folder.appending(path: name))
            }
            removeDrafts(in: folder, tag: "a")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names == [".gesso-b1.tmp"])
            removeDrafts(in: folder, tag: "b")
        }
    }

    @Test func refusesADanglingLink() throws {
        try inFolder { folder in
            let link = folder.appending(path: "link.png")
            #expect(symlink("nowhere.png", link.path) == 0)
            for overwrite in [false, true] {
                let error = try #require(throws: FileError.self) {
                    try writeAtomically(new, to: link, overwrite: overwrite)
                }
                #expect(
                    error
                        == (overwrite
                            ? .cannotCreate(
                                path: link.path, reason: "it is a link that leads nowhere")
                            : .outputExists(path: link.path)))
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names == ["link.png"])
        }
    }

    @Test(arguments: [false, true])
    func refusesWhatIsNoFile(overwrite: Bool) throws {
        try inFolder { folder in
            let error = try #require(throws: FileError.self) {
                try writeAtomically(new, to: folder, overwrite: overwrite)
            }
            #expect(error == .cannotCreate(path: folder.path, reason: "it is a folder"))
            let device = URL(filePath: "/dev/null")
            #expect(throws: FileError.cannotCreate(path: "/dev/null", reason: "it is a device")) {
                try writeAtomically(new, to: device, overwrite: overwrite)
            }
        }
    }

    private func isCannotCreate(_ error: FileError) -> Bool {
        if case .cannotCreate = error { true } else { false }
    }

    @Test func saysWhichFolderIsMissing() throws {
        try inFolder { folder in
            let file = folder.appending(path: "no/a.png")
            let error = try #require(throws: FileError.self) {
                try writeAtomically(new, to: file, overwrite: false)
            }
            #expect(error.description.contains("there is no folder \(folder.path)/no"))
            #expect(isCannotCreate(error))
        }
    }

    @Test func refusesAFolderThatCannotBeWrittenTo() throws {
        // No one may create files here, not even root.
        let file = URL(filePath: "/sys/kernel/gesso.png")
        let error = try #require(throws: FileError.self) {
            try writeAtomically(new, to: file, overwrite: false)
        }
        #expect(isCannotCreate(error))
        #expect(error.description.contains("/sys/kernel"))
    }

    @Test func refusesANameThatIsTooLong() throws {
        try inFolder { folder in
            let file = folder.appending(path: String(repeating: "n", count: 300))
            let error = try #require(throws: FileError.self) {
                try writeAtomically(new, to: file, overwrite: false)
            }
            #expect(error.description.contains("name too long"))
            #expect(isCannotCreate(error))
        }
    }

    @Test func takesANameOfTheLongestLength() throws {
        try inFolder { folder in
            let file = folder.appending(path: String(repeating: "n", count: 255))
            try writeAtomically(new, to: file, overwrite: false)
            #expect(try Data(contentsOf: file) == new)
        }
    }

    /// Of many writers one wins and the others are told.
    @Test func oneWriterWins() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gesso-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "a.png")
        let winners = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let data = Data(repeating: UInt8(number), count: 10_000)
                    return (try? writeAtomically(data, to: file, overwrite: false)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
        let content = try Data(contentsOf: file)
        #expect(content.count == 10_000 && Set(content).count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.png"])
    }
}
