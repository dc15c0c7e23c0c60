import Foundation
import GessoHub
import Testing

@Suite("What the environment says of the hub")
struct SettingsTests {
    @Test("places are those of Hugging Face's tools")
    func places() throws {
        let settings = try HubSettings(environment: ["HOME": "/h"])
        #expect(settings.endpoint.absoluteString == "https://huggingface.co")
        #expect(settings.cache.path == "/h/.cache/huggingface/hub")
        #expect(settings.token == nil)
        let own = try HubSettings(
            environment: ["HOME": "/h", "HF_HOME": "/f", "HF_ENDPOINT": "http://mirror:80/hub//"])
        #expect(own.cache.path == "/f/hub")
        #expect(own.endpoint.absoluteString == "http://mirror:80/hub")
        let cache = try HubSettings(
            environment: ["HOME": "/h", "HF_HOME": "/f", "HF_HUB_CACHE": "/c"])
        #expect(cache.cache.path == "/c")
        let home = try HubSettings(environment: ["HOME": "/h", "HF_HOME": "~/f"])
        #expect(home.cache.path == "/h/f/hub")
    }

    @Test("the token is the variable's, else the file's")
    func token() throws {
        let folder = URL.temporaryDirectory.appending(path: "gesso-hub-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("hf_file\n".utf8).write(to: folder.appending(path: "token"))
        let environment = ["HOME": "/h", "HF_HOME": folder.path]
        #expect(try HubSettings(environment: environment).token == "hf_file")
        let both = environment.merging(["HF_TOKEN": "hf_own"]) { $1 }
        #expect(try HubSettings(environment: both).token == "hf_own")
        #expect(throws: HubError.self) {
            try HubSettings(environment: environment.merging(["HF_TOKEN": "a\nb: c"]) { $1 })
        }
    }

    @Test("the network can be forbidden", arguments: ["GESSO_OFFLINE", "HF_HUB_OFFLINE"])
    func offline(_ name: String) throws {
        #expect(throws: HubError.offline(variable: name)) {
            try HubSettings(environment: ["HOME": "/h", name: "1"])
        }
        _ = try HubSettings(environment: ["HOME": "/h", name: "0"])
    }

    @Test(
        "an address must be one",
        arguments: ["ftp://x", "huggingface.co", "https://", "http://[::1", "javascript:x"])
    func addresses(_ text: String) {
        let error = #expect(throws: HubError.self) {
            try HubSettings(environment: ["HOME": "/h", "HF_ENDPOINT": text])
        }
        #expect(error?.exitCode == 64)
    }

    @Test(
        "names that are no repository's",
        arguments: [
            "", "sd15", "a/b/c", "../b", "a/..", "a/.b", "a b/c", "a/b@", "a/b@../x", "a/b@x\u{1B}",
            "a--b/c", "https://x/y",
        ])
    func badNames(_ text: String) {
        #expect(throws: HubError.self) { try Repository(text) }
    }

    @Test func aNameThatIsNearIsSuggested() {
        let error = #expect(throws: HubError.self) { try Repository("SD15", meant: "sd15") }
        #expect(error.map { "\($0)".contains("did you mean 'sd15'?") } == true)
    }

    @Test func names() throws {
        let plain = try Repository("org/model-v1.5_x")
        #expect(plain.name == "org/model-v1.5_x")
        #expect(plain.revision == "main")
        let other = try Repository("org/name@refs/pr/1")
        #expect(other.revision == "refs/pr/1")
        #expect("\(other)" == "org/name@refs/pr/1")
    }

    @Test func sizesInWords() {
        #expect(bytes(0) == "0 B")
        #expect(bytes(999) == "999 B")
        #expect(bytes(1_500) == "1.5 kB")
        #expect(bytes(999_960) == "1000 kB")
        #expect(bytes(2_740_000_000) == "2.7 GB")
        #expect(bytes(.max) == "9223372 TB")
    }
}
