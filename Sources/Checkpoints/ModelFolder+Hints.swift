import Foundation

extension ModelFolder {
    private static let unfinished = [
        ".part", ".partial", ".incomplete", ".crdownload", ".aria2", ".download", ".tmp",
    ]
    /// Weights of other programs, by the end of a name, and what they are for.
    private static let foreign = [
        (".onnx", "ONNX"), (".onnx_data", "ONNX"), (".xml", "OpenVINO"), (".msgpack", "Flax"),
        (".h5", "TensorFlow"), (".gguf", "GGUF"), (".mlmodelc", "Core ML"),
    ]

    /// The endings of pickles.
    static let pickles = [".bin", ".ckpt", ".pt", ".pth"]

    /// Why there is nothing at a path that has a name in its folder; nil where it has none.
    static func reasonForAbsence(of url: URL) -> String? {
        var path = url.path(percentEncoded: false)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if access(path, F_OK) != 0, errno == EACCES { return "permission denied" }
        let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
        return isLink ? "is a link to a file that is not there: copy the file itself" : nil
    }

    /// - Throws: `CheckpointError.cannotRead` where the folder may not be entered.
    static func checkAccess(_ folder: URL) throws {
        let path = folder.path(percentEncoded: false)
        guard access(path, X_OK) != 0 else { return }
        throw CheckpointError.cannotRead(path: path, reason: "permission denied")
    }

    /// The first link of a folder that leads nowhere, as in copies of the Hugging Face cache's snapshots
    /// without its blobs, and what to do; nil where there is none.
    static func lostLink(in folder: URL) -> String? {
        let path = folder.path(percentEncoded: false)
        let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let link = files.sorted().first { file in
            [".safetensors", ".json", ".bin"].contains { file.hasSuffix($0) }
                && !exists(folder.appending(path: file))
        }
        return link.map {
            "\(shown($0)) is a link to a file that is not there: copy the file itself"
        }
    }

    /// What a folder without the weights that were looked for holds instead, and what to do.
    ///
    /// - Parameter name: what another file of weights has to be called; nil where any name will do.
    static func hint(_ folder: URL, renaming name: String? = nil) -> String? {
        let path = folder.path(percentEncoded: false)
        let files = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        func first(_ endings: [String]) -> String? {
            files.first { file in endings.contains { file.hasSuffix($0) } }
        }
        if let lost = lostLink(in: folder) { return lost }
        if let file = first(unfinished) {
            return "\(shown(file)) is a download that is not finished: download it again"
        }
        for (ending, program) in foreign {
            guard let file = first([ending]) else { continue }
            return "\(shown(file)) is for \(program): take the safetensors version"
        }
        if let pickle = first(pickles) {
            return "\(shown(pickle)) is a pickle, which can run code: convert it first"
        }
        guard let name, let other = first([".safetensors"]) else { return nil }
        return other.contains("-00001-of-")
            ? "\(shown(other)) is a part: the list of parts, ….safetensors.index.json, is missing"
            : "\(shown(other)) is there: rename it to \(name)"
    }
}
