import Checkpoints
public import Foundation

/// What makes a checkpoint of four channels one for inpainting, by "add difference": each weight of the
/// UNet becomes that of `base` + (its own - that of `delta`).
public struct InpaintingParts: Sendable, Equatable {
    /// A nine-channel inpainting checkpoint.
    public let base: URL
    /// The four-channel checkpoint that `base` was made from.
    public let delta: URL

    /// Both checkpoints may be folders or single files.
    public init(base: URL, delta: URL) {
        (self.base, self.delta) = (base, delta)
    }

    func added(to source: any ModelSource) throws -> any ModelSource {
        try InpaintingSum(source, inpainting: modelSource(base), base: modelSource(delta))
    }
}
