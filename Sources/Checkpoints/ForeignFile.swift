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
    private static let database = ForeignFile(
        what: "a database (SQLite), as Draw Things keeps models",
        hint: "take the safetensors version")
    private static let picture = ForeignFile(
        what: "a picture",
        hint: "give the file of weights; an embedding within a picture is not read")
    private static let archive = ForeignFile(what: "an archive", hint: "unpack it first")
    private static let onnx = ForeignFile(
        what: "an ONNX file", hint: "take the safetensors version of the model")
    private static let shards = ForeignFile(
        what: "the list of a model's parts (JSON)", hint: "name the folder of the model")
    private static let configuration = ForeignFile(
        what: "a configuration (JSON)", hint: "name the folder of the model")
    private static let text = ForeignFile(
        what: "a text", hint: "the download failed or needs a login: read what it says")

    /// Beginnings, in lower case; the bare pickles of protocols 2 to 5 begin with 0x80.
    private static let beginnings: [(bytes: [UInt8], file: ForeignFile)] = [
        (Array("pk\u{3}\u{4}".utf8), pickle), ([0x80, 2], pickle), ([0x80, 3], pickle),
        ([0x80, 4], pickle), ([0x80, 5], pickle),
        (Array("version https://git-lfs".utf8), lfsPointer),
        (Array("<!doctype html".utf8), webPage), (Array("<html".utf8), webPage),
        (Array("<?xml".utf8), webPage), (Array("gguf".utf8), gguf),
        (Array("sqlite format 3".utf8), database), ([0x89] + Array("png".utf8), picture),
        ([0xFF, 0xD8, 0xFF], picture), (Array("riff".utf8), picture),
        (Array("rar!".utf8), archive), (Array("7z".utf8) + [0xBC, 0xAF], archive),
        ([0x1F, 0x8B], archive),
    ]

    /// What `bytes` hold, when it is one of these.
    static func recognized(in bytes: UnsafeRawBufferPointer) -> ForeignFile? {
        // As a header's length, eight letters are more than any file has.
        let isText = bytes.count >= 8 && bytes.prefix(8).allSatisfy(isLetter)
        // A header length can begin like a pickle; after it stands the header's brace.
        guard isText || bytes.count <= 8 || bytes[8] != 0x7B else { return nil }
        if isText, let known = json(bytes) { return known }
        if isONNX(bytes) { return onnx }
        let start = beginning(bytes)
        guard let found = beginnings.first(where: { start.starts(with: $0.bytes) }) else {
            return isText ? text : nil
        }
        return found.bytes.starts(with: Array("pk".utf8)) && !holdsPickle(bytes)
            ? archive : found.file
    }

    /// What a download has left in the place of a small file of text: a web page or a git-LFS pointer.
    static func download(in bytes: UnsafeRawBufferPointer) -> ForeignFile? {
        let start = beginning(bytes)
        return beginnings.first { row in
            [lfsPointer.what, webPage.what].contains(row.file.what) && start.starts(with: row.bytes)
        }?.file
    }

    /// The first bytes that are not spaces, in lower case.
    private static func beginning(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        bytes.prefix(128).drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
            .map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }

    /// What a text in JSON is, by a key near its beginning; nil for other texts.
    private static func json(_ bytes: UnsafeRawBufferPointer) -> ForeignFile? {
        guard bytes.first(where: { $0 > 0x20 }) == 0x7B else { return nil }
        let text = String(decoding: bytes.prefix(4096), as: UTF8.self)
        if text.contains("\"weight_map\"") { return shards }
        let marks = ["\"_class_name\"", "\"_diffusers_version\"", "\"architectures\""]
        return marks.contains { text.contains($0) } ? configuration : nil
    }

    /// Whether a protocol buffer begins with a version and the name of the program that wrote it, as
    /// ONNX's `ModelProto` does.
    private static func isONNX(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 16, bytes[0] == 0x08, bytes[1] < 0x20, bytes[2] == 0x12 else {
            return false
        }
        let length = Int(bytes[3])
        return (1...64).contains(length)
            && bytes[4..<min(4 + length, bytes.count)].allSatisfy(isLetter)
    }

    /// Whether a byte is one of ASCII that texts have.
    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x20...0x7E).contains(byte) || [0x09, 0x0A, 0x0D].contains(byte)
    }

    /// Whether the first file of a ZIP archive is one of those that PyTorch puts into its own.
    private static func holdsPickle(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 30 else { return true }
        let length = Int(bytes[26]) | Int(bytes[27]) << 8
        let name = String(decoding: bytes[30..<min(30 + length, bytes.count)], as: UTF8.self)
        return name.hasSuffix(".pkl")
            || ["data", "version", "byteorder"].contains { part in
                name.split(separator: "/").dropFirst().contains { $0 == part }
            }
    }
}
