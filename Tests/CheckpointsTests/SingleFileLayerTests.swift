import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Layers of single files")
struct SingleFileLayerTests {
    private static let file = Fixtures.parity.appending(
        components: "families", "single", "tiny-2.safetensors")
    private static let scope = "cond_stage_model.model.transformer.resblocks."

    /// A single file whose text encoder has so many layers: those that are missing are copies of the first.
    private static func file(layers: Int) throws -> [UInt8] {
        let data = [UInt8](try Data(contentsOf: file))
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let json = try JSONSerialization.jsonObject(with: Data(data[8..<8 + length]))
        var header = try #require(json as? [String: Any])
        header["__metadata__"] = nil
        var body = Array(data[(8 + length)...])
        for (name, value) in header.sorted(by: { $0.key < $1.key }) {
            guard name.hasPrefix(scope + "0."), var entry = value as? [String: Any],
                let range = entry["data_offsets"] as? [Int]
            else { continue }
            for layer in 0..<layers {
                let copy = "\(scope)\(layer)." + name.dropFirst(scope.count + 2)
                guard header[copy] == nil else { continue }
                entry["data_offsets"] = [body.count, body.count + range[1] - range[0]]
                body += body[range[0]..<range[1]]
                header[copy] = entry
            }
        }
        let text = try JSONSerialization.data(withJSONObject: header)
        return safetensors([UInt8](text), data: body)
    }

    /// The original has one more, which nothing uses; converters do not write it.
    @Test(arguments: [23, 24])
    func stableDiffusion2HasTheLayersThatAreUsed(_ count: Int) throws {
        let folder = try TemporaryFolder()
        let model = try SingleFile(
            folder.write(Self.file(layers: count), to: "x.safetensors"))
        let json = try JSONSerialization.jsonObject(with: model.configuration("text_encoder"))
        #expect((json as? [String: Any])?["num_hidden_layers"] as? Int == 23)
        let layers = try model.weights("text_encoder")["encoder"]["layers"]
        #expect(layers.contains("22") && !layers.contains("23"))
    }
}
