import FuzzTargets
import Testing

/// The targets of `Scripts/fuzz` over their corpora, without a search and without sanitizers.
@Suite struct FuzzCorpusTests {
    @Test func everyTargetHasACorpus() throws {
        for target in FuzzTarget.all {
            #expect(try target.corpus().count >= 2, "\(target)")
        }
        #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
    }

    @Test(arguments: FuzzTarget.all)
    func everyInputIsReadOrRefused(target: FuzzTarget) throws {
        for seed in try target.corpus() {
            do {
                try target.run(seed.data)
            } catch {
                Issue.record("\(seed.name): \(error)")
            }
        }
    }
}
