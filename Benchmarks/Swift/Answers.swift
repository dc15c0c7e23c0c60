import Checkpoints
import Foundation
import Models
import Tensors

/// Writes what each network of a model answers to the inputs in a folder, for `agree.py` to compare.
///
/// `inputs.safetensors` holds `sample` [N,C,h,w], `timestep` [1], `context` [N,T,C], `pixels` [1,3,H,W],
/// `latents` [1,4,h,w] and `ids` [T]; for Stable Diffusion XL also `pooled` [N,P] and `sizes` [6].
/// Each answer is a file of raw f32 beside it, its channels last.
func answer(_ model: URL, in folder: URL) throws {
    let inputs = try Safetensors(contentsOf: folder.appending(path: "inputs.safetensors"))
    let source = try modelSource(model)
    func given(_ name: String) -> Tensor? { inputs[name]?.widened() }
    func picture(_ name: String) -> Tensor {
        given(name).map { $0.transposed([0, 2, 3, 1]) } ?? Tensor(zeros: [1, 8, 8, 4])
    }
    func write(_ tensor: Tensor, _ name: String) throws {
        let data = tensor.withUnsafeBufferPointer { Data(buffer: $0) }
        try data.write(to: folder.appending(path: name + ".f32"))
    }
    func timed(_ name: String, _ work: () throws -> Tensor) throws {
        let clock = ContinuousClock()
        let begun = clock.now
        try write(work(), name)
        print("\(name): \((clock.now - begun) / .seconds(1)) s")
    }

    let ids = given("ids")?.values.map { Int($0) } ?? []
    for name in ["text_encoder", "text_encoder_2"] where source.contains(name) {
        let encoder = try CLIPTextEncoder(source, component: name)
        try timed(name) {
            guard source.contains("text_encoder_2") else { return try encoder(ids) }
            let answer = try encoder.penultimate(ids)
            if let pooled = answer.pooled { try write(pooled, "pooled") }
            return answer.hiddenStates
        }
    }
    let vae = try AutoencoderKL(source)
    try timed("vae_encoder") { vae.encode(picture("pixels")).mean }
    try timed("vae_decoder") { vae.decode(picture("latents")) }
    let unet = try UNet2DCondition(source)
    let added = given("pooled").map { pooled in
        let rows = Array(repeating: given("sizes")?.values ?? [], count: pooled.shape[0])
        return UNet2DCondition.Added(
            pooled: pooled,
            sizes: Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]))
    }
    try timed("unet") {
        unet(
            picture("sample"), timestep: given("timestep")?.values.first ?? 0,
            encoderHiddenStates: given("context") ?? Tensor(zeros: [1, 77, 8]), added: added)
    }
}
