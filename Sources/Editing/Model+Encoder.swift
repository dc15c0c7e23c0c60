import Checkpoints
public import Foundation

extension Model {
    /// Looks into the headers of a checkpoint and what is added to it whether pictures can be encoded,
    /// so that an edit of a picture need not load it first.
    ///
    /// - Throws: `EditingError.decoderOnly` where they cannot, `CheckpointError` for a VAE that is added
    ///   and cannot be read.
    public static func requireEncoder(of url: URL, adding addOns: AddOns) throws {
        let source = try modelSource(url, supplied: addOns.supplied)
        guard let added = addOns.vae else {
            // Other defects are reported when it is loaded.
            guard let own = try? source.weights("vae") else { return }
            return try requireEncoder(own, at: url)
        }
        try requireEncoder(
            LooseComponent(added, as: "vae", beside: source).weights("vae"), at: added)
    }

    private static func requireEncoder(_ weights: Weights, at url: URL) throws {
        if weights.contains("encoder") || !weights.contains("decoder") { return }
        throw EditingError.decoderOnly(path: url.path(percentEncoded: false))
    }
}
