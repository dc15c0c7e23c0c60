/// A file that is often found where safetensors was meant, known by its first bytes.
struct ForeignFile {
    let what: String
    let hint: String

    private static let pickle = ForeignFile(
        what: "a PyTorch pickle", hint: "pickles can run code and are not read: convert it first")
    private static let lfsPointer = ForeignFile(
        what: "a git-LFS pointer", hint: "fetch the real file with `git lfs pull`")
    private static let webPage = ForeignFile(
        what: "a web page", hint: "the download failed or needs a login")
    private static let gguf = ForeignFile(
        what: "a GGUF file", hint: "take the safetensors version of the model")

    /// Beginnings, in lower case; the bare pickles of protocols 2 to 5 begin with 0x80.
    private static let beginnings: [(bytes: [UInt8], file: ForeignFile)] = [
        (Array("pk\u{3}\u{4}".utf8), pickle), ([0x80, 2], pickle), ([0x80, 3], pickle),
        ([0x80, 4], pickle), ([0x80, 5], pickle),
        (Array("version https://git-lfs".utf8), lfsPointer),
        (Array("<!doctype html".utf8), webPage), (Array("<html".utf8), webPage),
        (Array("<?xml".utf8), webPage), (Array("gguf".utf8), gguf),
    ]

    /// What `bytes` hold, when it is one of these.
    static func recognized(in bytes: UnsafeRawBufferPointer) -> ForeignFile? {
        // A header length can begin like a pickle; after it stands the header's brace.
        guard bytes.count <= 8 || bytes[8] != 0x7B else { return nil }
        let start = bytes.prefix(128).drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
            .map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        return beginnings.first { start.starts(with: $0.bytes) }?.file
    }
}
