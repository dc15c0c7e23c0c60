import Foundation
import GessoHub
import HubServer
import Testing

@Suite("Servers and connections that fail")
struct FaultTests {
    @Test(
        "what passes is overcome",
        arguments: [
            ("storage:", [HubServer.Fault.cut(after: 5_000), .cut(after: 1), .cut(after: 0)]),
            ("storage:", [.reset, .reset]),
            ("storage:", [.silence(4)]),
            ("storage:", [.cut(after: 5_000), .wholeFile]),
            ("storage:", [.cut(after: 5_000), .otherRange]),
            ("storage:", [.otherBytes]),
            ("storage:", [.tooLong]),
            ("storage:", [.page]),
            ("storage:", [.status(503), .status(500)]),
            // The address of the storage is good for a while only.
            ("storage:", [.status(403)]),
            ("storage:", [.status(416)]),
            ("", [.status(502)]),
            ("", [.status(429, ["Retry-After": "0"])]),
            ("", [.status(307, ["Location": "/org/name/resolve/main/" + Trial.unet])]),
        ])
    func passing(_ place: String, _ faults: [HubServer.Fault]) async throws {
        try await Trial.run { trial in
            trial.server.fail(place + Trial.unet, faults)
            let snapshot = try await trial.download()
            #expect(trial.isWhole(Trial.unet, in: snapshot))
            #expect(trial.drafts.isEmpty)
        }
    }

    @Test("a listing is asked for again, too")
    func listing() async throws {
        try await Trial.run { trial in
            trial.server.fail("revision", [.reset, .status(503)])
            trial.server.fail("tree", [.status(429, ["RateLimit": "\"api\";r=0;t=0"]), .reset])
            let snapshot = try await trial.download()
            #expect(trial.isWhole(Trial.unet, in: snapshot))
        }
    }

    @Test("a connection that ends after every few bytes gets there in the end")
    func manyCuts() async throws {
        try await Trial.run { trial in
            trial.server.fail(
                "storage:" + Trial.unet, Array(repeating: .cut(after: 1_000), count: 19))
            let snapshot = try await trial.download()
            #expect(trial.isWhole(Trial.unet, in: snapshot))
            #expect(trial.unetRequests.compactMap(\.range).last == "bytes=19000-")
        }
    }

    @Test(
        "what does not pass is an error, and what is whole is kept",
        arguments: [
            (
                [HubServer.Fault.otherBytes, .otherBytes],
                HubError.damaged(file: Trial.unet)
            ),
            (Array(repeating: .reset, count: 9), nil),
            (Array(repeating: .status(500), count: 9), nil),
        ])
    func lasting(_ faults: [HubServer.Fault], _ expected: HubError?) async throws {
        try await Trial.run { trial in
            trial.server.fail("storage:" + Trial.unet, faults)
            var settings = trial.settings
            settings.parallelFiles = 1
            let failing = Trial(
                server: trial.server, settings: settings, repository: trial.repository)
            let error = try #require(await failing.failure())
            if let expected { #expect(error == expected) }
            #expect([65, 74].contains(error.exitCode))
            #expect(!"\(error)".contains("signature"))
            let reference = trial.folder.appending(path: "refs/main").path
            #expect(!FileManager.default.fileExists(atPath: reference))
            let bad = try #require(Trial.model.first { $0.path == Trial.unet }).blob
            let blob = trial.folder.appending(path: "blobs/\(bad)").path
            #expect(!FileManager.default.fileExists(atPath: blob))
        }
    }

    @Test("too many requests for too long")
    func rateLimit() async throws {
        try await Trial.run { trial in
            trial.server.fail("revision", [.status(429, ["Retry-After": "3600"])])
            let error = try #require(await trial.failure())
            #expect(error == .rateLimited(seconds: 3600, hasToken: false))
            #expect(error.exitCode == 75)
            trial.server.fail("revision", Array(repeating: .status(429), count: 9))
            #expect(await trial.failure()?.exitCode == 75)
        }
    }

    @Test("redirects that lead nowhere")
    func redirects() async throws {
        try await Trial.run { trial in
            let round = HubServer.Fault.status(
                302, ["Location": "/org/name/resolve/main/" + Trial.unet])
            trial.server.fail(Trial.unet, Array(repeating: round, count: 20))
            guard case .badAnswer? = await trial.failure() else {
                Issue.record("no error")
                return
            }
        }
        for location in ["file:///etc/passwd", "gopher://x/", ""] {
            try await Trial.run { trial in
                trial.server.fail(Trial.unet, [.status(302, ["Location": location])])
                #expect(await trial.failure()?.exitCode == 65)
            }
        }
    }

    @Test("pages in place of lists")
    func pages() async throws {
        try await Trial.run { trial in
            for route in ["revision", "tree"] {
                trial.server.fail(route, [.page])
                guard case .badAnswer? = await trial.failure() else {
                    Issue.record("no error")
                    return
                }
            }
        }
    }

    @Test(
        "paths that lead out of the cache are refused",
        arguments: [
            "../x.json", "/etc/x", "a//b", "a/../../x", "a\\b", "x\u{1B}[2J", "x\u{9B}2J", "",
        ])
    func paths(_ path: String) async throws {
        try await Trial.run { trial in
            trial.server.fail("tree", [.path(path)])
            let error = try #require(await trial.failure())
            guard case .badAnswer = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!"\(error)".contains("\u{1B}"))
            #expect(!FileManager.default.fileExists(atPath: trial.folder.path))
        }
    }

    @Test("sizes that no file has are refused", arguments: [-1, (1 << 44) + 1, Int.max])
    func sizes(_ size: Int) async throws {
        try await Trial.run { trial in
            trial.server.fail("tree", [.size(size)])
            guard case .badAnswer? = await trial.failure() else {
                Issue.record("no error")
                return
            }
        }
    }

    @Test("a licence is shown without what a terminal would act on, and not at any length")
    func licenses() async throws {
        for (license, shown) in [
            ("odd\u{1B}[2K\rmit\u{9B}A", "odd?[2K?mit?A"),
            (String(repeating: "a", count: 300), String(repeating: "a", count: 200)),
        ] {
            try await Trial.run {
                $0.license = license
            } _: { trial in
                let plan = try await Download(trial.settings).plan(trial.repository, FileChoice())
                #expect(plan.license == shown)
            }
        }
    }

    @Test("what is not there, and what is not for everyone")
    func refused() async throws {
        try await Trial.run { trial in
            func failure(_ name: String, token: String? = nil) async throws -> HubError? {
                var settings = trial.settings
                settings.token = token
                return await Trial(
                    server: trial.server, settings: settings, repository: try Repository(name)
                ).failure()
            }
            let unknown = try await failure("org/other")
            #expect(unknown == .noRepository("org/other", hasToken: false))
            let hidden = try await failure("org/other", token: HubServer.token)
            #expect(hidden == .noRepository("org/other", hasToken: true))
            let revision = try await failure("org/name@v2")
            #expect(revision == .noRevision("v2", of: "org/name"))
            let wrong = try await failure("org/name", token: "hf_wrong")
            #expect(wrong == .badToken)
        }
        try await Trial.run {
            $0.isGated = true
        } _: { trial in
            let error = try #require(await trial.failure())
            let page = trial.server.address + "/org/name"
            #expect(error == .gated("org/name", page: page, hasToken: false))
            #expect("\(error)".contains(page))
        }
    }

    @Test("no server at all")
    func unreachable() async throws {
        try await Trial.run { trial in
            trial.server.stop()
            var settings = trial.settings
            settings.endpoint = URL(string: "http://127.0.0.1:9") ?? settings.endpoint
            let lost = Trial(
                server: trial.server, settings: settings, repository: trial.repository)
            let error = try #require(await lost.failure())
            #expect(error == .notReached(host: "127.0.0.1"))
            #expect("\(error)".hasSuffix("check the network, HF_ENDPOINT or the proxy"))
        }
    }
}
