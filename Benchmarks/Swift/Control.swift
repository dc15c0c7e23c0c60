import Checkpoints
import Foundation
import Models
import Tensors

/// Writes what a UNet answers with a ControlNet to the inputs in a folder, for `control.py` to compare, and
/// prints the seconds of a call with and without it.
///
/// `inputs.safetensors` holds `sample` [2,4,h,w], `timestep` [1], `context` [2,T,C] and `picture`
/// [1,3,8h,8w]; for Stable Diffusion XL also `pooled` [2,P] and `sizes` [2,6]. `unet.f32` and
/// `control.f32` are raw f32, channels last.
func answerControlled(_ model: URL, _ net: URL, in folder: URL) throws {
    let inputs = try Safetensors(contentsOf: folder.appending(path: "inputs.safetensors"))
    func given(_ name: String) throws -> Tensor {
        guard let tensor = inputs[name]?.widened() else {
            throw CheckpointError.missingTensor(
                path: folder.path, tensor: name, first: nil, count: 0, guess: nil)
        }
        return tensor
    }
    let source = try modelSource(model)
    let unet = try UNet2DCondition(source)
    let control = try ControlNet(
        ControlNetSource(net, beside: source), for: unet.configuration)
    let isXL = inputs["pooled"] != nil
    let conditioning = Conditioning(
        hiddenStates: try given("context"), pooled: isXL ? try given("pooled") : nil,
        sizes: isXL ? try given("sizes") : nil)
    let sample = try given("sample").transposed([0, 2, 3, 1])
    let timestep = try given("timestep").values[0]
    let picture = control.embedding(of: try given("picture").transposed([0, 2, 3, 1]))
    func plain() -> Tensor {
        unet.predict(sample, timestep: timestep, conditioning, options: PredictionOptions())
    }
    func controlled() -> Tensor {
        var options = PredictionOptions()
        options.control = control(sample, picture: picture, timestep: timestep, conditioning)
        return unet.predict(sample, timestep: timestep, conditioning, options: options)
    }
    for (name, call) in [("unet", plain), ("control", controlled)] {
        let data = call().withUnsafeBufferPointer { Data(buffer: $0) }
        try data.write(to: folder.appending(path: name + ".f32"))
    }
    // In turns, so that both meet the machine in the same state.
    var seconds: [String: [Double]] = [:]
    for _ in 0..<5 {
        for (name, call) in [("unet", plain), ("control", controlled)] {
            let begun = ContinuousClock.now
            _ = call()
            seconds[name, default: []].append(begun.duration(to: .now) / .seconds(1))
        }
    }
    func median(_ name: String) -> Double { (seconds[name] ?? []).sorted()[2] }
    print(
        "plain \(median("unet")) s, with ControlNet \(median("control")) s, ratio "
            + "\(median("control") / median("unet"))")
}
