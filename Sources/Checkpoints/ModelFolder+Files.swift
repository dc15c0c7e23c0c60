public import Foundation

extension ModelFolder {
    /// The files that loading the model reads, index and configurations included: what its results
    /// depend on. Of several variants of the weights only the one that is loaded is named.
    ///
    /// - Throws: `CheckpointError` for files that are missing or cannot be read.
    public func files() throws -> [URL] {
        var files = ["model_index.json"].map { url.appending(path: $0) }
        let second = ["text_encoder_2"].filter(contains)
        for component in ["unet", "vae", "text_encoder"] + second {
            files.append(try configurationFile(component))
            switch try weightsFile(component) {
            case .whole(let file): files.append(file)
            case .index(let file):
                let folder = file.deletingLastPathComponent()
                files.append(file)
                files += try ShardIndex(contentsOf: file).shards.map { folder.appending(path: $0) }
            }
        }
        if contains("scheduler") { files.append(try configurationFile("scheduler")) }
        for tokenizer in ["tokenizer", "tokenizer_2"].map(url(of:)) {
            let whole = tokenizer.appending(path: "tokenizer.json")
            let parts = ["vocab.json", "merges.txt"].map { tokenizer.appending(path: $0) }
            files += Self.exists(whole) ? [whole] : parts
            files += ["tokenizer_config.json", "added_tokens.json"].map {
                tokenizer.appending(path: $0)
            }
        }
        return files.filter(Self.exists)
    }
}
