import Files
public import Foundation
import Tensors

/// A four-channel model made one for inpainting by "add difference": each weight of its UNet and of its text encoders is
/// inpainting + (own - origin), where `origin` is what the nine-channel UNet was made from.
///
/// Computed in f32 and rounded once, to the type of the inpainting model's weight, nearest and ties to
/// even. The five channels of `conv_in` that the own UNet lacks are the inpainting model's. VAE, scheduler and tokenizer
/// are the own model's, and so is a weight of a text encoder that the other models do not have in its shape.
public struct InpaintingSum: ModelOverlay {
    /// the four-channel model
    public let base: any ModelSource
    private let inpainting: any ModelSource
    private let origin: any ModelSource

    /// - Throws: `CheckpointError.notAddable` when the UNets are not of nine, four and four channels, or
    ///   not of one shape beyond that.
    public init(
        _ own: any ModelSource, inpainting: any ModelSource, base start: any ModelSource
    ) throws {
        (base, self.inpainting, origin) = (own, inpainting, start)
        let parts = [(inpainting, 9, "the inpainting checkpoint"), (own, 4, "the model")]
        for (source, channels, part) in parts + [(start, 4, "the checkpoint that it was made from")]
        {
            let found = try source.members("unet")["in_channels"] as? Int ?? 4
            guard found == channels else {
                throw CheckpointError.notAddable(
                    path: source.url.path(percentEncoded: false),
                    reason: "\(part) must have a UNet of \(channels) channels, this has \(found)")
            }
        }
        _ = try sums()
    }

    /// The JSON of a component's configuration.
    public func configuration(_ component: String) throws -> Data {
        try (component == "unet" ? inpainting : base).configuration(component)
    }

    /// The weights of a component; those of the UNet and of text encoders are added when they are taken.
    public func weights(_ component: String) throws -> Weights {
        if component.hasPrefix("text_encoder") { return try textEncoder(component) }
        guard component == "unet" else { return try base.weights(component) }
        return Weights(try sums(), file: url.path(percentEncoded: false))
    }

    private func textEncoder(_ component: String) throws -> Weights {
        let own = try base.weights(component)
        guard inpainting.contains(component), origin.contains(component) else { return own }
        let (others, start) = (
            try inpainting.weights(component).entries, try origin.weights(component).entries
        )
        let sums = own.entries.map { name, custom in
            guard let entry = others[name], let old = start[name],
                [entry, old].allSatisfy({ $0.shape == custom.shape }),
                [entry, old, custom].allSatisfy({ DataType(rawValue: $0.dataType) != nil })
            else { return (name, custom) }
            var sum = entry
            sum.change = { Self.sum($0, custom, old) }
            return (name, sum)
        }
        return Weights(
            Dictionary(uniqueKeysWithValues: sums), file: url.path(percentEncoded: false))
    }

    private func sums() throws -> [String: Safetensors.Entry] {
        let (mine, start) = (try base.weights("unet").entries, try origin.weights("unet").entries)
        var sums: [String: Safetensors.Entry] = [:]
        for (name, entry) in try inpainting.weights("unet").entries {
            var needed = entry.shape
            if name == "conv_in.weight", needed.count == 4 { needed[1] = 4 }
            for (entries, source) in [(mine, base), (start, origin)] {
                guard entries[name]?.shape == needed else {
                    throw CheckpointError.notAddable(
                        path: source.url.path(percentEncoded: false),
                        reason: "its UNet is of another shape at \(shown(name))")
                }
            }
            guard let custom = mine[name], let old = start[name] else { continue }
            for part in [entry, custom, old] where DataType(rawValue: part.dataType) == nil {
                throw CheckpointError.unsupportedDataType(
                    path: part.path, tensor: part.name, found: part.dataType)
            }
            var sum = entry
            sum.change = { Self.sum($0, custom, old) }
            sums[name] = sum
        }
        if let more = mine.keys.filter({ sums[$0] == nil }).min() {
            throw CheckpointError.notAddable(
                path: url.path(percentEncoded: false),
                reason: "the inpainting checkpoint has no \(shown(more))")
        }
        return sums
    }

    private static func sum(
        _ inpainting: StoredTensor, _ custom: Safetensors.Entry, _ base: Safetensors.Entry
    ) -> StoredTensor {
        guard let own = custom.stored?.widened(), let old = base.stored?.widened() else {
            return inpainting
        }
        var difference = own - old
        if inpainting.shape != difference.shape {
            var rest = inpainting.shape
            rest[1] -= difference.shape[1]
            difference = .concatenated([difference, Tensor(zeros: rest)], axis: 1)
        }
        custom.file.release(custom.range)
        base.file.release(base.range)
        return StoredTensor(inpainting.widened() + difference, as: inpainting.dataType)
    }
}
