import Files
import Testing

@Suite struct PathEndingTests {
    /// A path, its ending, and what is left without it.
    @Test(arguments: [
        ("a.png", "png", "a"), ("in/a.tar.gz", "gz", "in/a.tar"), ("/x.y/a", "", "/x.y/a"),
        ("a", "", "a"), ("", "", ""), ("a.", "", "a"), ("a..", "", "a."),
        // Dots at the beginning of a name begin no ending.
        (".hidden", "", ".hidden"), ("in/.hidden", "", "in/.hidden"), (".a.png", "png", ".a"),
        ("..", "", ".."), ("in/..", "", "in/.."), (".", "", "."), ("..a", "", "..a"),
        // The last name counts, whatever slashes follow it.
        ("a.png/", "png", "a"), ("in/a.png///", "png", "in/a"), ("a/", "", "a"),
        ("a.b/c", "", "a.b/c"), ("/", "", "/"), ("///", "", "///"),
        // Letters of several scalars, spaces and signs are letters like others.
        ("é.jpé", "jpé", "é"), ("a.p ng", "p ng", "a"), ("a.png\n", "png\n", "a"),
        ("a\\b.c", "c", "a\\b"),
        // Foundation traps for these.
        ("///.///", "", "///."), ("/.", "", "/."), ("//..//", "", "//.."),
        (String(repeating: "/", count: 40) + ".", "", String(repeating: "/", count: 40) + "."),
    ])
    func thePartsOfAPath(_ path: String, _ ending: String, _ rest: String) {
        #expect(path.pathEnding == ending)
        #expect(path.withoutPathEnding == rest)
    }

    /// Both take time that grows with the length of a path alone.
    @Test(arguments: ["/", ".", "./", "a.", "/."])
    func longPathsAreTakenApart(_ part: String) {
        let path = String(repeating: part, count: 100_000) + "x.png"
        #expect(path.pathEnding == "png")
        #expect(path.withoutPathEnding == path.dropLast(4))
    }
}
