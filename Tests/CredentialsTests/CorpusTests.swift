import Credentials
import Foundation
import Imaging
import TestSupport
import Testing

/// Files of `Fixtures/Credentials`, which `Scripts/try-credentials --record` made and had judged by the
/// reference implementation.
@Suite struct CorpusTests {
    private struct Verdict: Decodable {
        let state: String
        let failures: [String]
    }

    private static let folder = Fixtures.folder.appending(path: "Credentials")

    private static let verdicts: [String: Verdict] = {
        let data = try? Data(contentsOf: folder.appending(path: "verdicts.json"))
        return data.flatMap { try? JSONDecoder().decode([String: Verdict].self, from: $0) } ?? [:]
    }()

    @Test func thereAreVerdicts() throws {
        #expect(Self.verdicts.values.count { $0.state != "invalid" } >= 6)
        #expect(Self.verdicts.values.count { $0.state == "invalid" } >= 20)
    }

    @Test(arguments: verdicts.keys.sorted())
    func theVerdictIsThatOfTheReference(_ name: String) throws {
        let verdict = try #require(Self.verdicts[name])
        let file = try Data(contentsOf: Self.folder.appending(path: name))
        let anchors = Certificate.inPEM(
            try Data(contentsOf: Self.folder.appending(path: "roots.pem")))
        let report = StoreTests.report(file, anchors)
        #expect(report?.state.rawValue ?? "invalid" == verdict.state)
        guard verdict.state == "invalid", let report, !verdict.failures.isEmpty else { return }
        // Without a hash of the file the reference compares that of an ingredient and says that it differs.
        guard name != "no-hash.png" else { return }
        let known = Set(report.failures.map(\.code))
        #expect(!known.isDisjoint(with: verdict.failures), "\(known) \(verdict.failures)")
    }
}
