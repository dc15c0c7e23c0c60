import Credentials
import Foundation
import Testing

@Suite struct FolderTests {
    @Test(arguments: [
        (["XDG_DATA_HOME": "/d", "HOME": "/h"], "/d/gesso/credentials"),
        (["XDG_DATA_HOME": "relative", "HOME": "/h"], "/h/.local/share/gesso/credentials"),
        (["HOME": "/h"], "/h/.local/share/gesso/credentials"), ([:], nil),
    ]) func keysFollowXDG(_ environment: [String: String], _ path: String?) {
        #expect(CredentialsFolder(environment: environment)?.url.path == path)
    }

    @Test func onlyTheUserCanReadKeys() throws {
        try Keys.inFolder { folder in
            let profile = try folder.create("default", holder: "Jane Doe", .ed25519)
            #expect(profile.certificate.holder == "Jane Doe")
            #expect(folder.profiles.map(\.name) == ["default"])
            let place = folder.url.appending(path: "default")
            #expect(try mode(place) == 0o700)
            let files = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
            #expect(files == ["certificate.pem", "key.pem", "root.pem"])
            for file in files { #expect(try mode(place.appending(path: file)) == 0o600) }
        }
    }

    private func mode(_ url: URL) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
    }

    @Test func aKeyIsNeverReplaced() throws {
        try Keys.inFolder { folder in
            _ = try folder.create("one", holder: "A", .ed25519)
            let key = folder.url.appending(path: "one/key.pem")
            let before = try Data(contentsOf: key)
            #expect(throws: CredentialsError.self) {
                try folder.create("one", holder: "B", .ed25519)
            }
            #expect(try Data(contentsOf: key) == before)
        }
    }

    @Test(arguments: ["", ".", "../x", "a/b", "a b", "é", String(repeating: "a", count: 41)])
    func namesAreWords(_ name: String) throws {
        try Keys.inFolder { folder in
            #expect(throws: CredentialsError.badName(name)) {
                try folder.create(name, holder: "A", .ed25519)
            }
            #expect(throws: CredentialsError.badName(name)) { try folder.signer(name) }
        }
    }

    @Test(arguments: ["", "  ", "a\nb", String(repeating: "a", count: 65)])
    func holdersAreALine(_ holder: String) throws {
        try Keys.inFolder { folder in
            #expect(throws: CredentialsError.badHolder(holder)) {
                try folder.create("x", holder: holder, .ed25519)
            }
        }
    }

    /// The root's name is shorter, in the characters that a certificate counts.
    @Test func holdersMayBeLong() throws {
        try Keys.inFolder { folder in
            for (name, holder) in [
                ("a", String(repeating: "x", count: 64)),
                ("b", String(repeating: "e\u{301}", count: 30)),
            ] {
                _ = try folder.create(name, holder: holder, .ed25519)
                _ = try folder.signer(name)
            }
        }
    }

    /// What cannot sign is not listed among what can.
    @Test func brokenProfilesAreTold() throws {
        try Keys.inFolder { folder in
            _ = try folder.create("good", holder: "A", .ed25519)
            _ = try folder.create("broken", holder: "B", .ed25519)
            let key = folder.url.appending(path: "broken/key.pem")
            try Data("no key".utf8).write(to: key)
            try FileManager.default.createDirectory(
                at: folder.url.appending(path: "empty"), withIntermediateDirectories: true)
            #expect(folder.profiles.map(\.name) == ["good"])
            #expect(folder.faults == [.noKey(path: key.path), .noProfile(name: "empty")])
        }
    }

    @Test func keyAndCertificateBelongTogether() throws {
        try Keys.inFolder { folder in
            _ = try folder.create("one", holder: "A", .es256)
            _ = try folder.create("two", holder: "B", .es256)
            func file(_ path: String) throws -> Data {
                try Data(contentsOf: folder.url.appending(path: path))
            }
            #expect(throws: CredentialsError.keysDiffer(key: "k", certificate: "c")) {
                try Signer(
                    key: file("one/key.pem"), certificates: file("two/certificate.pem"),
                    keyPath: "k", certificatePath: "c")
            }
            #expect(throws: CredentialsError.noKey(path: "k")) {
                try Signer(
                    key: file("one/root.pem"), certificates: file("two/certificate.pem"),
                    keyPath: "k", certificatePath: "c")
            }
            #expect(throws: CredentialsError.noCertificate(path: "c")) {
                try Signer(
                    key: file("one/key.pem"), certificates: Data(), keyPath: "k",
                    certificatePath: "c")
            }
        }
    }

    /// A root may not sign claims itself.
    @Test func aRootIsNoSigner() throws {
        try Keys.inFolder { folder in
            let profile = try folder.create("one", holder: "A", .es256)
            let root = try Data(contentsOf: profile.root)
            #expect(
                throws: CredentialsError.unfit(
                    path: "c", reason: "it is an authority's, not a signer's")
            ) {
                try Signer(command: "false", certificates: root, certificatePath: "c")
            }
        }
    }
}

/// Keys for tests.
enum Keys {
    /// Runs `body` with an empty folder, which is removed afterwards.
    static func inFolder(_ body: (CredentialsFolder) throws -> Void) throws {
        let place = FileManager.default.temporaryDirectory
            .appending(path: "gesso-keys-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: place) }
        try body(CredentialsFolder(place))
    }

    /// A signer of each scheme, with its root, made once for all tests.
    static let made: [SigningAlgorithm: (signer: Signer, root: Certificate)] = {
        var made: [SigningAlgorithm: (signer: Signer, root: Certificate)] = [:]
        try? inFolder { folder in
            for algorithm in SigningAlgorithm.ownKeys {
                let profile = try folder.create(
                    algorithm.rawValue, holder: "Jane Doe", algorithm)
                let root = Certificate.inPEM(try Data(contentsOf: profile.root))
                made[algorithm] = (try folder.signer(algorithm.rawValue), root[0])
            }
        }
        return made
    }()

    /// The signer of a scheme, with its root.
    static func signer(
        _ algorithm: SigningAlgorithm = .ed25519
    ) throws -> (signer: Signer, root: Certificate) {
        try #require(made[algorithm])
    }
}
