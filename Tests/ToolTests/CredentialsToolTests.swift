import Foundation
import Imaging
import TestSupport
import Testing

/// Keys, signed results and their checks, by the tool.
@Suite struct CredentialsToolTests {
    private let root = "data/gesso/credentials/default/root.pem"

    /// A tool with a key, and a picture.
    private func inFolder(_ body: (Tool) throws -> Void) throws {
        try Tool.inFolder { tool in
            var own = tool
            own.environment = ["XDG_DATA_HOME": tool.url("data").path]
            let made = try own("credentials", "new", "--name", "Jane Doe")
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.text.hasPrefix("default: Jane Doe, ed25519, until 20"))
            try own.draw("in.png")
            try body(own)
        }
    }

    /// A quick edit without a model.
    private func fill(_ input: String, _ output: String, _ more: String...) -> [String] {
        [
            "inpaint", input, "--mask", "rect:8,8,16,12", "--steps", "0", "--fill", "edge", "-o",
            output,
        ] + more
    }

    @Test(arguments: ["png", "jpg", "webp", "tif"]) func resultsAreSigned(_ ending: String) throws {
        try inFolder { tool in
            let run = try tool.run(fill("in.png", "a." + ending))
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("signed: Content Credentials of Jane Doe"))
            let valid = try tool("verify", "a." + ending, "--credentials")
            #expect(valid.status == 0)
            #expect(valid.text.hasPrefix("credentials: valid; the signer was not checked"))
            #expect(valid.text.contains("16x12 pixels at 8,8"))
            let trusted = try tool("verify", "a." + ending, "--credentials", "--trust", root)
            #expect(trusted.status == 0)
            #expect(trusted.text.hasPrefix("credentials: valid, by a signer that is trusted"))
            var file = try Data(contentsOf: tool.url("a." + ending))
            let blocks = try #require(EmbeddedManifest(in: file)).blocks
            file[blocks.lowerBound < 100 ? file.count - 30 : 100] ^= 1
            try file.write(to: tool.url("b." + ending))
            let changed = try tool("verify", "b." + ending, "--credentials")
            #expect(changed.status == 1)
            #expect(changed.text.contains("WRONG: the file was changed after it was signed"))
        }
    }

    /// The mark in the pixels leads to the manifest, and is found where that was taken away.
    @Test func aMarkNamesTheManifest() throws {
        try inFolder { tool in
            let landscape = Fixtures.folder.appending(path: "Pictures/landscape.jpg")
            try FileManager.default.copyItem(at: landscape, to: tool.url("photo.jpg"))
            let words = [
                "inpaint", "photo.jpg", "--mask", "rect:20,8,348,240", "--prompt", "a hill",
                "--steps", "2", "--guidance-scale", "1", "--seed", "3", "--watermark",
            ]
            let run = try tool.run(words + ["on", "-o", "a.png", "--receipt", "a.json"])
            #expect(run.status == 0, "\(run.errors)")
            #expect(!run.errors.contains("watermark"))
            #expect(try tool("verify", "a.png", "--credentials", "--trust", root).status == 0)
            struct Receipt: Decodable {
                struct Result: Decodable {
                    let manifest: String
                    let watermark: String
                }
                let result: Result
            }
            let document = try Data(contentsOf: tool.url("a.json"))
            let receipt = try JSONDecoder().decode(Receipt.self, from: document).result
            let manifest = receipt.manifest
            let info = try tool("info", "a.png", "--find-watermark")
            #expect(info.text.contains(": names the manifest \(manifest) of this file"))
            #expect(info.text.contains("marked with a watermark"))
            var image = try Image(contentsOf: tool.url("a.png"))
                .cropped(x: 40, y: 10, width: 330, height: 236)
            image.metadata = ImageMetadata()
            try image.resized(width: 264, height: 189).encoded(as: .jpeg, quality: 90)
                .write(to: tool.url("b.jpg"))
            let stripped = try tool("info", "b.jpg", "--find-watermark", "--json")
            #expect(stripped.text.contains(receipt.watermark))
            #expect(stripped.text.contains(String(manifest.prefix(22))))
            let replayed = try tool.run(["replay", "a.json", "-o", "c.png"])
            #expect(replayed.status == 0, "\(replayed.errors)")
            #expect(
                try Data(contentsOf: tool.url("a.png")) == Data(contentsOf: tool.url("c.png")))
            #expect(try tool.run(words + ["off", "-o", "d.jpg"]).status == 0)
            let none = try tool("info", "d.jpg", "--find-watermark")
            #expect(none.text.contains("watermark: none found"))
        }
    }

    @Test func theChainIsTold() throws {
        try inFolder { tool in
            #expect(try tool.run(fill("in.png", "a.png")).status == 0)
            #expect(try tool.run(fill("a.png", "b.webp")).status == 0)
            let info = try tool("info", "b.webp")
            let lines = info.text.split(separator: "\n").map(String.init)
            let start = try #require(lines.firstIndex { $0.hasPrefix("credentials: ") })
            let told = lines[start...].prefix { $0.hasPrefix("credentials") || $0.hasPrefix(" ") }
            #expect(told.count { $0.contains("signed by Jane Doe with Gesso") } == 2)
            #expect(told.contains { $0.contains("made from a.png") })
            #expect(told.contains { $0.contains("made from in.png, which has no credentials") })
        }
    }

    @Test func theyCanBeLeftOut() throws {
        try inFolder { tool in
            #expect(try tool.run(fill("in.png", "a.png", "--credentials", "off")).status == 0)
            let none = try tool("verify", "a.png", "--credentials")
            #expect(none.status == 1)
            #expect(none.text == "credentials: none\n")
            let unknown = try tool.run(fill("in.png", "b.png", "--credentials", "other"))
            #expect(unknown.status == 64)
            #expect(unknown.errors.hasPrefix("gesso: no credentials 'other'"))
            var off = tool
            off.environment["GESSO_CREDENTIALS"] = "off"
            #expect(try off.run(fill("in.png", "c.png")).status == 0)
            #expect(try EmbeddedManifest(in: Data(contentsOf: tool.url("c.png"))) == nil)
        }
    }

    /// A key for a job that has no folder of its own.
    @Test func theEnvironmentNamesAKey() throws {
        try inFolder { tool in
            let place = tool.url("data/gesso/credentials/default/").path
            var named = tool
            named.environment = [
                "GESSO_CREDENTIALS_KEY": place + "/key.pem",
                "GESSO_CREDENTIALS_CERTIFICATE": place + "/certificate.pem",
            ]
            #expect(try named.run(fill("in.png", "a.png")).status == 0)
            let trusted = try tool("verify", "a.png", "--credentials", "--trust", root)
            #expect(trusted.status == 0)
            named.environment["GESSO_CREDENTIALS_CERTIFICATE"] = ""
            let half = try named.run(fill("in.png", "b.png"))
            #expect(half.status == 64)
            #expect(half.errorLines.count == 1)
            #expect(try !tool.files.contains("b.png"))
        }
    }

    /// What is broken in a source stops no edit.
    @Test func aBrokenSourceIsEdited() throws {
        try inFolder { tool in
            #expect(try tool.run(fill("in.png", "a.png")).status == 0)
            var file = try Data(contentsOf: tool.url("a.png"))
            let blocks = try #require(EmbeddedManifest(in: file)).blocks
            // The type of the outermost box.
            file[blocks.lowerBound + 12] ^= 1
            try file.write(to: tool.url("b.png"))
            let run = try tool.run(fill("b.png", "c.png"))
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("are broken or too large and were left out"))
            #expect(
                try tool("verify", "c.png", "--credentials", "--trust", root).status == 0)
        }
    }

    /// Without the time stamp that was asked for nothing is written.
    @Test func aTimeStampIsAskedFor() throws {
        try inFolder { tool in
            let words = fill("in.png", "a.png", "--timestamp-url")
            var offline = tool
            offline.environment["GESSO_OFFLINE"] = "1"
            let forbidden = try offline.run(words + ["http://127.0.0.1:1/"])
            #expect(forbidden.status == 64)
            #expect(forbidden.errors.contains("GESSO_OFFLINE is set"))
            let bad = try tool.run(words + ["nowhere"])
            #expect(bad.status == 64)
            let unreachable = try tool.run(words + ["http://127.0.0.1:1/", "--quiet"])
            #expect(unreachable.status == 74)
            #expect(unreachable.errors.contains("no time stamp: the server cannot be reached"))
            for run in [forbidden, bad, unreachable] {
                #expect(run.errorLines.count == 1, "\(run.errors)")
            }
            #expect(try !tool.files.contains("a.png"))
            let off = try tool.run(words + ["http://127.0.0.1:1/", "--credentials", "off"])
            #expect(off.status == 0)
            #expect(off.errors.contains("no time stamp is written"))
        }
    }

    /// What the configuration says of keys, the server is told.
    @Test func theConfigurationReachesTheServer() throws {
        try Tool.inFolder { tool in
            var copied = tool
            copied.program = tool.url("gesso")
            try Tool.copyProgram(to: copied.program)
            try Data("#!/bin/sh\necho $GESSO_CREDENTIALS $GESSO_TIMESTAMP_URL\n".utf8)
                .write(to: tool.url("gesso-server"))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: tool.url("gesso-server").path)
            try FileManager.default.createDirectory(
                at: tool.url("config/gesso"), withIntermediateDirectories: true)
            try Data("credentials: studio\ntimestamp_url: http://example.org/\n".utf8)
                .write(to: tool.url("config/gesso/config.yaml"))
            copied.environment = ["XDG_CONFIG_HOME": tool.url("config").path]
            #expect(try copied("serve").text == "studio http://example.org/\n")
            copied.environment["GESSO_CREDENTIALS"] = "off"
            #expect(try copied("serve").text == "off http://example.org/\n")
        }
    }

    @Test(arguments: [
        ["verify", "in.png", "in.png", "--credentials"], ["verify", "in.png", "--trust", "x.pem"],
        ["credentials", "new", "--name", "A", "--profile", "a/b"],
        ["credentials", "new", "--name", "", "--profile", "new"],
        ["credentials", "new", "--algorithm", "md5"],
    ]) func wrongWordsAreOneLine(_ words: [String]) throws {
        try inFolder { tool in
            let run = try tool.run(words)
            #expect(run.status == 64)
            #expect(run.errorLines.count == 1)
        }
    }

    @Test func keysAreListedAndNeverReplaced() throws {
        try inFolder { tool in
            let again = try tool("credentials", "new", "--name", "Jane Doe")
            #expect(again.status == 73)
            let second = try tool(
                "credentials", "new", "--name", "Studio", "--profile", "studio", "--algorithm",
                "es256", "--json")
            #expect(second.status == 0)
            let list = try tool("credentials", "list")
            #expect(list.text.contains("default: Jane Doe, ed25519"))
            #expect(list.text.contains("studio: Studio, es256"))
        }
    }
}
