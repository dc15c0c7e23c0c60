import Foundation
import Gesso
import TestSupport
import Testing

/// The program of the article on getting started: it depends on the library alone.
@Suite struct GettingStartedTests {
    @Test func theArticleShowsTheProgram() throws {
        let program = try String(
            contentsOf: Fixtures.repository.appending(path: "Tests/GettingStarted/main.swift"),
            encoding: .utf8)
        let article = try String(
            contentsOf: Fixtures.repository.appending(
                path: "Sources/Gesso/Gesso.docc/GettingStarted.md"),
            encoding: .utf8)
        #expect(article.contains("```swift\n" + program + "```\n"))
        #expect(program.split(separator: "\n").count < 30)
    }

    @Test func theProgramPaintsWatchesCancelsAndWrites() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "gesso-" + UUID().uuidString, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let photo = folder.appending(path: "photo.png")
        try Drawing.picture(64, 48).encoded(as: .png).write(to: photo)
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "getting-started")
        process.arguments = [photo.path, folder.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(
            decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        // By the scheduler that the model states the UNet runs once a step.
        let lines = text.split(separator: "\n")
        #expect(lines.first == "6 UNet runs with gesso-builtin-inpaint")
        #expect(lines.contains("denoising(step: 6, steps: 6)"))
        #expect(lines.contains("0 of 2592 pixels outside the mask changed"))
        #expect(lines.last == "cancelled half way")
        let receipt = try Receipt(
            contentsOf: folder.appending(path: "boat.json"), named: "boat.json")
        let written = try Image(contentsOf: folder.appending(path: "boat.png"))
        #expect(receipt.result.path == "boat.png" && receipt.edits.map(\.evaluations) == [6])
        #expect(written.width == 64 && written.height == 48)
    }
}
