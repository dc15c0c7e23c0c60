import Tensors

/// Weights of 8 bits with a scale beside them, as ComfyUI saves them: `layer.scale_weight`, or later
/// `layer.weight_scale`, is a factor for all of `layer.weight`, or one for each of its rows.
enum ScaledNumbers {
    private static let marks = [".scale_weight", ".weight_scale"]
    private static let mark = "scaled_fp8"
    /// What goes with the scales and does not change a weight.
    private static let companions = [".scale_input", ".input_scale", ".comfy_quant"]

    /// The tensors with the scales taken into the weights that they belong to.
    static func applied(
        to entries: [String: Safetensors.Entry]
    ) -> [String: Safetensors.Entry] {
        var result = entries
        // One after the other, so that of two scales of a weight it is always the same that counts.
        for mark in marks {
            for (name, entry) in entries where name.hasSuffix(mark) {
                guard let weight = entries[name.dropLast(mark.count) + ".weight"],
                    [1, weight.shape.first].contains(entry.shape.reduce(1, *)),
                    let scale = entry.stored.map({ $0.widened() }), scale.count > 0
                else { continue }
                var scaled = weight
                scaled.change = { $0.multiplied(byRows: scale.values) }
                result[name.dropLast(mark.count) + ".weight"] = scaled
                result[name] = nil
                for companion in companions { result[name.dropLast(mark.count) + companion] = nil }
            }
        }
        // A mark that the file has scales, behind what is in front of all names.
        return result.count < entries.count
            ? result.filter { $0.key != mark && !$0.key.hasSuffix("." + mark) } : result
    }
}

extension StoredTensor {
    /// Each row times its factor, or all times the only one, as 32-bit floats.
    fileprivate func multiplied(byRows factors: [Float]) -> StoredTensor {
        let values = widened().values
        let columns = max(values.count / factors.count, 1)
        return StoredTensor(
            Tensor(
                values.indices.map { values[$0] * factors[$0 / columns] }, shape: shape))
    }
}
