import Foundation
import HubServer

// An imitation of a model hub that serves a folder: hub-server FOLDER ORG/NAME
// prints its address and serves until standard input ends. `Scripts/try-hub` has other programs download
// from it.
let words = CommandLine.arguments
guard words.count == 3,
    let paths = try? FileManager.default.subpathsOfDirectory(atPath: words[1])
else {
    print("usage: hub-server FOLDER ORG/NAME")
    exit(64)
}
let folder = URL(filePath: words[1], directoryHint: .isDirectory)
let files = paths.sorted().compactMap { path -> HubServer.File? in
    guard let bytes = try? Data(contentsOf: folder.appending(path: path)) else { return nil }
    return HubServer.File(path, bytes)
}
let server = try HubServer([HubServer.Repository(words[2], files)])
try FileHandle.standardOutput.write(contentsOf: Data((server.address + "\n").utf8))
while readLine() != nil {}
server.stop()
