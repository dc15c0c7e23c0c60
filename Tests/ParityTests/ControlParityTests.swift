import Checkpoints
import Editing
import Foundation
import Imaging
import Models
import Recipes
import Tensors
import Testing

/// What was recorded of ControlNets, from Fixtures/Parity/control.
private enum Controls {
    static let folder = RecordedEdit.folder.appending(path: "control")
    static let bases = [
        "edges": "tiny-f32", "shades": "tiny-f32", "inpaint": "tiny-f32", "style": "tiny-f32",
        "edges-2": "tiny-2", "edges-xl": "tiny-xl", "edges-hole": "tiny-inpaint",
    ]

    static func net(_ name: String) -> URL { folder.appending(components: "nets", name) }

    static func base(_ model: String) -> URL {
        let models = model.hasPrefix("tiny-f") ? ["models"] : ["families", "models"]
        return (models + [model]).reduce(RecordedEdit.folder) { $0.appending(path: $1) }
    }
}

/// An edit steered by ControlNets that diffusers was asked for.
private struct ControlledEdit: Decodable, CustomTestStringConvertible {
    struct Part: Decodable {
        let net: String
        let map: String?
        let weight: Double
        let start: Double
        let end: Double
    }

    let controls: [Part]
    let guess: Bool
    let plain: RecordedEdit

    private enum CodingKeys: String, CodingKey { case controls, guess }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        controls = try container.decode([Part].self, forKey: .controls)
        guess = try container.decode(Bool.self, forKey: .guess)
        plain = try RecordedEdit(from: decoder)
    }

    var testDescription: String { plain.name }

    static func all() throws -> [Self] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = Controls.folder.appending(path: "pictures.json")
        return try decoder.decode([Self].self, from: Data(contentsOf: file))
    }

    func model() throws -> Model {
        var addOns = AddOns()
        for part in controls { addOns.controlNets[part.net] = Controls.net(part.net) }
        return try Model.load(Controls.base(plain.model), addOns: addOns)
    }

    func requested() throws -> [Control] {
        try controls.map { part in
            var control = Control(
                part.net,
                reading: try part.map.map { .map(try RecordedEdit.image($0)) } ?? .surroundings)
            (control.weight, control.start, control.end) = (part.weight, part.start, part.end)
            control.mode = guess ? .guess : .balanced
            return control
        }
    }
}

@Suite("ControlNets steer as in diffusers")
struct ControlParityTests {
    @Test("what they add, and the UNet with it", arguments: Controls.bases.keys.sorted())
    func stages(name: String) throws {
        let tensors = try Safetensors(
            contentsOf: Controls.folder.appending(path: "stages.safetensors"))
        let source = try ModelFolder(Controls.base(try #require(Controls.bases[name])))
        let unet = try UNet2DCondition(source, arithmetic: .exactHere)
        let net = try ControlNet(
            ControlNetSource(Controls.net(name), beside: source), for: unet.configuration)
        let sizes =
            tensors.names.contains(name + ".sizes") ? try tensors.tensor(name + ".sizes") : nil
        let conditioning = Conditioning(
            hiddenStates: try tensors.tensor(name + ".context"),
            pooled: try sizes.map { _ in try tensors.tensor(name + ".pooled") }, sizes: sizes)
        let sample = try tensors.picture(name + ".sample")
        let found = net(
            sample.sliced(axis: 3, 0..<4),
            picture: net.embedding(of: try tensors.picture(name + ".picture")),
            timestep: 499.25, conditioning)
        #expect(found.down.count == tensors.names.count { $0.hasPrefix(name + ".down.") })
        for (index, residual) in found.down.enumerated() {
            let recorded = try tensors.picture("\(name).down.\(index)")
            try expectEqual(
                residual, averaged(recorded, like: residual), stage: "ControlNet \(name)")
        }
        let middle = try tensors.picture(name + ".middle")
        try expectEqual(
            found.middle, averaged(middle, like: found.middle),
            stage: "ControlNet \(name)")
        var options = PredictionOptions()
        options.control = found
        let answer = unet.predict(
            sample, timestep: 499.25, conditioning, options: options)
        try expectEqual(
            answer, try tensors.picture(name + ".answer"), stage: "UNet with ControlNet \(name)")
        #expect(
            answer
                != unet.predict(sample, timestep: 499.25, conditioning, options: .init()))
    }

    /// A mean over the picture, which torch keeps as one place, at every place.
    private func averaged(_ recorded: Tensor, like found: Tensor) -> Tensor {
        guard recorded.shape != found.shape, recorded.shape[1] == 1 else { return recorded }
        let channels = found.shape[3]
        return Tensor(shape: found.shape) { target in
            for index in 0..<target.count {
                let row = index / (target.count / found.shape[0])
                target[index] = recorded.values[row * channels + index % channels]
            }
        }
    }

    @Test("every sample", arguments: try ControlledEdit.all())
    fileprivate func pictures(_ edit: ControlledEdit) throws {
        let model = try edit.model()
        let found = try edit.plain.carriedOut(by: model, controls: edit.requested())
        try edit.plain.expectEqual(found)
        let uncontrolled = try edit.plain.carriedOut(by: model)
        #expect(uncontrolled.image.samples != found.image.samples)
    }

    @Test("the original repository's names and a file of diffusers' are the same network")
    func files() throws {
        let edit = try #require(
            try ControlledEdit.all().first { $0.controls.map(\.net) == ["edges"] })
        let expected = try edit.plain.carriedOut(by: edit.model(), controls: edit.requested())
        for file in [
            Controls.folder.appending(path: "single.safetensors"),
            Controls.net("edges").appending(path: "diffusion_pytorch_model.safetensors"),
        ] {
            var addOns = AddOns()
            addOns.controlNets["edges"] = file
            let model = try Model.load(Controls.base("tiny-f32"), addOns: addOns)
            let found = try edit.plain.carriedOut(by: model, controls: edit.requested())
            #expect(found.image.samples == expected.image.samples)
        }
    }

    /// A file of these tensors in 32 bits.
    private func safetensors(_ tensors: [(name: String, tensor: Tensor)]) throws -> Data {
        var (header, bytes) = ([String: Any](), Data())
        for (name, tensor) in tensors {
            let start = bytes.count
            tensor.values.withUnsafeBytes { bytes.append(contentsOf: $0) }
            header[name] = [
                "dtype": "F32", "shape": tensor.shape, "data_offsets": [start, bytes.count],
            ]
        }
        let text = try JSONSerialization.data(withJSONObject: header)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        return length + text + bytes
    }

    /// The recorded network as a control LoRA over the model: of every layer its difference from the
    /// model's, as a product with the identity, and as it is what is no matrix or the model has not.
    private func controlLoRA(in folder: URL) throws -> URL {
        let whole = folder.appending(path: "whole.safetensors")
        _ = try Model.convert(
            Controls.base("tiny-f32"), to: whole, as: nil, tokenizers: TokenizerPlaces())
        let model = try Safetensors(contentsOf: whole)
        let net = try Safetensors(contentsOf: Controls.folder.appending(path: "single.safetensors"))
        let prefix = "control_model."
        var tensors: [(name: String, tensor: Tensor)] = [
            ("lora_controlnet", Tensor([], shape: [0]))
        ]
        for name in net.names.sorted() where name.hasPrefix(prefix) {
            let (bare, own) = (String(name.dropFirst(prefix.count)), try net.tensor(name))
            let there = "model.diffusion_model." + bare
            guard bare.hasSuffix(".weight"), own.shape.count > 1, model.names.contains(there)
            else {
                tensors.append((bare, own))
                continue
            }
            let difference = own - (try model.tensor(there))
            let (layer, rows) = (String(bare.dropLast(7)), own.shape[0])
            let columns = own.count / rows
            let isTall = rows > columns
            let rank = min(rows, columns)
            let identity = Tensor(
                (0..<rank * rank).map { $0 / rank == $0 % rank ? 1 : 0 }, shape: [rank, rank])
            let (up, down) = isTall ? (difference, identity) : (identity, difference)
            // A convolution's have its window.
            let (upShape, downShape) =
                own.shape.count == 4
                ? (
                    [rows, rank, 1, 1],
                    [rank] + (columns == own.shape[1] ? [columns, 1, 1] : own.shape.dropFirst())
                ) : ([rows, rank], [rank, columns])
            tensors.append((layer + ".up", up.reshaped(upShape)))
            tensors.append((layer + ".down", down.reshaped(downShape)))
        }
        let file = folder.appending(path: "lora.safetensors")
        try safetensors(tensors).write(to: file)
        return file
    }

    @Test("a control LoRA is what it adds to the model's UNet, with its own layers")
    func controlLoRA() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = try controlLoRA(in: folder)
        try expectRecordedNetwork(file)
    }

    /// A file that is added to its model's own UNet makes the network of the recorded edges, and does not go with
    /// another family.
    private func expectRecordedNetwork(_ file: URL) throws {
        let edit = try #require(
            try ControlledEdit.all().first { $0.controls.map(\.net) == ["edges"] })
        var addOns = AddOns()
        addOns.controlNets["edges"] = file
        let loaded = try Model.load(Controls.base("tiny-f32"), addOns: addOns)
        let found = try edit.plain.carriedOut(by: loaded, controls: edit.requested())
        // It differs from the recorded network by the rounding of its differences alone.
        try edit.plain.expectEqual(found)
        let other = #expect(throws: CheckpointError.self) {
            _ = try Model.load(Controls.base("tiny-xl"), addOns: addOns)
        }
        #expect(
            other.flatMap { EngineFailure($0) } == .modelMismatch, "\(String(describing: other))")
    }

    @Test(
        "a ControlNet of differences is what they make with the model's UNet", arguments: [[], [1]])
    func differences(_ shape: [Int]) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let whole = folder.appending(path: "whole.safetensors")
        _ = try Model.convert(
            Controls.base("tiny-f32"), to: whole, as: nil, tokenizers: TokenizerPlaces())
        let model = try Safetensors(contentsOf: whole)
        let net = try Safetensors(contentsOf: Controls.folder.appending(path: "single.safetensors"))
        let prefix = "control_model."
        var tensors: [(name: String, tensor: Tensor)] = [
            ("difference", Tensor([1], shape: shape))
        ]
        for name in net.names.sorted() where name.hasPrefix(prefix) {
            let there = "model.diffusion_model." + name.dropFirst(prefix.count)
            let own = try net.tensor(name)
            tensors.append(
                (name, model.names.contains(there) ? own - (try model.tensor(there)) : own))
        }
        let file = folder.appending(path: "difference.safetensors")
        try safetensors(tensors).write(to: file)
        try expectRecordedNetwork(file)
    }

    /// Networks that steer in other ways, by a tensor that only they have, and what they are called.
    private static let relatives: [(String, String)] = [
        ("lllite_unet_input_blocks_4_1.down.0.weight", "is a ControlNet-LLLite"),
        ("task_embedding", "is a union ControlNet"),
        ("down_blocks.0.ctrl_to_base.0.weight", "is a ControlNet-XS"),
        ("adapter.body.0.resnets.0.block1.weight", "is a T2I-Adapter"),
        ("brushnet_down_blocks.0.weight", "is a BrushNet"),
        ("body.0.block1.weight", "is a T2I-Adapter"),
        ("ip_adapter.1.to_k_ip.weight", "is an IP-Adapter"),
    ]

    @Test("networks that steer in other ways are refused by their names", arguments: relatives)
    func others(_ name: String, _ what: String) throws {
        let file = FileManager.default.temporaryDirectory
            .appending(path: UUID().uuidString + ".safetensors")
        defer { try? FileManager.default.removeItem(at: file) }
        try safetensors([(name, Tensor([0], shape: [1]))]).write(to: file)
        var addOns = AddOns()
        addOns.controlNets["x"] = file
        let error = #expect(throws: CheckpointError.self) {
            _ = try Model.load(Controls.base("tiny-f32"), addOns: addOns)
        }
        #expect(error?.description.contains(what) == true, "\(String(describing: error))")
    }

    @Test("what is no ControlNet of the model is refused")
    func refusals() throws {
        func load(_ url: URL, on model: String = "tiny-f32") throws {
            var addOns = AddOns()
            addOns.controlNets["x"] = url
            _ = try Model.load(Controls.base(model), addOns: addOns)
        }
        let other = #expect(throws: CheckpointError.self) {
            try load(Controls.net("edges-xl"))
        }
        #expect(other?.description.contains("text embeddings of width 64") == true)
        #expect(other.flatMap { EngineFailure($0) } == .modelMismatch)
        let levels = #expect(throws: CheckpointError.self) {
            try load(Controls.net("edges"), on: "tiny-2")
        }
        #expect(levels?.description.contains("its levels are not those") == true)
        let lora = RecordedEdit.folder.appending(components: "addons", "kohya.safetensors")
        let wrong = #expect(throws: CheckpointError.self) { try load(lora) }
        #expect(wrong?.description.contains("looks like a LoRA") == true)

        let edit = try #require(try ControlledEdit.all().first)
        let missing = #expect(throws: EditingError.self) {
            _ = try edit.plain.carriedOut(
                by: .load(Controls.base("tiny-f32")), controls: edit.requested())
        }
        #expect(missing.flatMap { EngineFailure($0) } == .usage)
    }

    @Test("A1111's modes weaken the finer levels, and the prompt's branch alone is steered")
    func modes() throws {
        let edit = try #require(try ControlledEdit.all().first { $0.plain.seed == 71 })
        let model = try edit.model()
        var pictures: [ControlMode: [UInt16]] = [:]
        for mode in ControlMode.allCases {
            var controls = try edit.requested()
            controls[0].mode = mode
            pictures[mode] =
                try edit.plain.carriedOut(by: model, controls: controls).image.samples
        }
        #expect(Set(pictures.values).count == ControlMode.allCases.count)
    }
}

extension RecordedEdit {
    /// The edit carried out with ControlNets.
    fileprivate func carriedOut(by model: Model, controls: [Control]) throws -> EditResult {
        var edit = try edit()
        edit.controls = controls
        return try Editor(model)(edit)
    }
}
