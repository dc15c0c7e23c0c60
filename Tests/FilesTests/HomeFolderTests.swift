import Files
import Testing

@Suite struct HomeFolderTests {
    @Test(arguments: [
        ("~", "/h"), ("~/a b", "/h/a b"), ("/a/~", "/a/~"), ("a~", "a~"), ("./~/a", "./~/a"),
    ])
    func aTildeIsTheHomeOfTheEnvironment(_ path: String, _ whole: String) {
        #expect(expandingHome(path, ["HOME": "/h"]) == whole)
        #expect(!expandingHome(path, [:]).hasPrefix("~"))
    }
}
