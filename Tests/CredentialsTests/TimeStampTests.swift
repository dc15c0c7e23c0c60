import Credentials
import Foundation
import Imaging
import Testing

/// Time stamps of an authority that OpenSSL's own tool is; those that others wrote are in the corpus.
@Suite struct TimeStampTests {
    private static func signed(
        _ authority: TimeStampAuthority, _ signer: Signer, _ format: ImageFormat = .png
    ) throws -> Data {
        let place = ManifestPlace(in: try StoreTests.picture().encoded(as: format), format)
        let draft = StoreTests.draft()
        let store = try draft.store(signedBy: signer, stampedBy: authority) { bytes in
            let around = place.around(bytes)
            return ManifestDraft.Frame(
                before: around.before, length: around.length, after: around.after,
                isOfBoxes: place.isOfBoxes)
        }
        return place.file(with: store)
    }

    @Test(arguments: StoreTests.formats) func aTimeIsConfirmed(_ format: ImageFormat) throws {
        try Clock.inFolder { clock in
            let (signer, root) = try Keys.signer(.es256)
            let file = try Self.signed(clock.authority(), signer, format)
            let trusted = try #require(StoreTests.report(file, [root, clock.certificate]))
            #expect(trusted.state == .trusted)
            let chapter = try #require(trusted.history.first)
            #expect(chapter.timeAuthority == "Time Maker")
            #expect(chapter.isTimeTrusted == true)
            #expect(chapter.time?.hasSuffix(" UTC") == true)
            let known = try #require(StoreTests.report(file, [root]))
            #expect(known.state == .trusted)
            #expect(known.history.first?.isTimeTrusted == false)
            #expect(known.findings.map(\.code).contains("timeStamp.untrusted"))
        }
    }

    /// The room is made larger, and the signature made anew.
    @Test func aLargeTimeStampFits() throws {
        try Clock.inFolder(certificates: 30) { clock in
            let (signer, root) = try Keys.signer()
            let file = try Self.signed(clock.authority(), signer)
            #expect(file.count > 12_000)
            let report = try #require(StoreTests.report(file, [root, clock.certificate]))
            #expect(report.state == .trusted)
            #expect(report.history.first?.isTimeTrusted == true)
        }
    }

    @Test(arguments: [
        ("echo 'no route' >&2; exit 74", "no route"), ("exit 3", "ended with 3"),
        ("cat >/dev/null; echo text", "the answer is no time stamp"),
        // An answer to another request.
        (
            "openssl ts -query -sha256 -data DIR/tsa.conf -cert 2>/dev/null | ANSWER",
            "another request"
        ),
        // A hash that the authority does not take.
        (
            "openssl ts -query -sha224 -data DIR/tsa.conf -cert 2>/dev/null | ANSWER",
            "the authority refuses"
        ),
    ]) func whatIsNoTimeStampIsTold(_ script: String, _ words: String) throws {
        try Clock.inFolder { clock in
            let signer = try Keys.signer().signer
            let error = #expect(throws: CredentialsError.self) {
                _ = try Self.signed(clock.authority(script), signer)
            }
            let line = "\(error.map { "\($0)" } ?? "")"
            #expect(line.hasPrefix("http://example.org: no time stamp: "), "\(line)")
            #expect(line.contains(words), "\(line)")
            #expect(!line.contains("\n"))
        }
    }

    @Test(arguments: ["", "example.org", "ftp://example.org", "http://", "http://a b", "file:///x"])
    func addressesAreOfHTTP(_ address: String) {
        #expect(throws: CredentialsError.badAddress(address)) {
            try TimeStampAuthority(address, askedBy: "x")
        }
    }

    @Test func theProgramMayBeMissing() throws {
        let signer = try Keys.signer().signer
        let authority = try TimeStampAuthority("http://example.org", askedBy: "/none/such")
        #expect(throws: CredentialsError.noProgram("/none/such")) {
            try Self.signed(authority, signer)
        }
    }
}

/// An authority for time stamps in a folder of its own.
private struct Clock {
    let folder: URL
    let certificate: Certificate

    /// - Parameter certificates: how many it sends along.
    static func inFolder(certificates: Int = 1, _ body: (Clock) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "gesso-clock-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try run(
            """
            cd '\(folder.path)' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -days 30 -keyout key.pem -out own.pem -subj '/O=Time Maker' \
            -addext 'extendedKeyUsage=critical,timeStamping' \
            -addext 'keyUsage=critical,digitalSignature' \
            -addext 'basicConstraints=critical,CA:FALSE' 2>/dev/null
            """)
        try #require(made == 0)
        let own = try Data(contentsOf: folder.appending(path: "own.pem"))
        try Data((0..<certificates).flatMap { _ in own })
            .write(to: folder.appending(path: "chain.pem"))
        try Data("01\n".utf8).write(to: folder.appending(path: "serial"))
        try Data(
            """
            [tsa]
            default_tsa = own
            [own]
            serial = \(folder.path)/serial
            signer_cert = \(folder.path)/own.pem
            signer_key = \(folder.path)/key.pem
            certs = \(folder.path)/chain.pem
            signer_digest = sha256
            default_policy = 1.2.3.4
            digests = sha256
            ess_cert_id_alg = sha256

            """.utf8
        ).write(to: folder.appending(path: "tsa.conf"))
        try body(Clock(folder: folder, certificate: try #require(Certificate.inPEM(own).first)))
    }

    private static func run(_ command: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// An authority that a script stands for.
    ///
    /// - Parameter script: `ANSWER` in it answers the request on standard input, `DIR` is the folder.
    func authority(_ script: String = "ANSWER") throws -> TimeStampAuthority {
        let answer =
            "(cat >DIR/query && openssl ts -reply -config DIR/tsa.conf -queryfile DIR/query 2>/dev/null)"
        let command = script.replacing("ANSWER", with: answer)
            .replacing("DIR", with: "'\(folder.path)'")
        return try TimeStampAuthority(
            "http://example.org/stamps?key=secret", askedBy: "/bin/sh", ["-c", command])
    }
}
