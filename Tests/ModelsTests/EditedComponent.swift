import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// A component of the recorded model `tiny-f32`, whose tensors and configuration a test changes before a
/// network is built of them.
struct EditedComponent {
    var tensors: [String: Tensor] = [:]
    var settings: [String: Any]
    private let name: String

    static let model = Fixtures.parity.appending(components: "models", "tiny-f32")

    init(_ name: String) throws {
        let folder = try ModelFolder(Self.model)
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.url(of: name), includingPropertiesForKeys: nil)
        let weights = try #require(files.first { $0.pathExtension == "safetensors" })
        let file = try Safetensors(contentsOf: weights)
        for name in file.names {
            tensors[name] = file[name]?.widened()
        }
        let json = try JSONSerialization.jsonObject(with: folder.configuration(name))
        settings = try #require(json as? [String: Any])
        self.name = name
    }

    var configuration: Data {
        get throws { try JSONSerialization.data(withJSONObject: settings) }
    }

    /// Renames every tensor.
    mutating func rename(_ change: (String) -> String) {
        tensors = Dictionary(uniqueKeysWithValues: tensors.map { (change($0.key), $0.value) })
    }

    /// The weights as a checkpoint has them. Their file is gone afterwards, its mapping is not.
    func weights() throws -> Weights {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).safetensors")
        defer { try? FileManager.default.removeItem(at: file) }
        var header: [String: Any] = [:]
        var data = Data()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let start = data.count
            tensor.values.withUnsafeBytes { data.append(contentsOf: $0) }
            header[name] = [
                "dtype": "F32", "shape": tensor.shape, "data_offsets": [start, data.count],
            ]
        }
        let json = try JSONSerialization.data(withJSONObject: header)
        var bytes = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        bytes += json + data
        try bytes.write(to: file)
        return Weights(try Safetensors(contentsOf: file))
    }
}

/// Numbers between -1 and 1 that look random and are the same on every run.
func waves(_ shape: [Int], _ step: Float = 1.7) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor((0..<count).map { sin(step * Float($0)) }, shape: shape)
}
