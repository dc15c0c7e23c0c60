import Checkpoints
import Foundation
import Models
import NaiveKernels
import Tensors

/// What a stage took and answered in one precision.
private struct Measured: Encodable {
    let stage: String
    let precision: String
    /// The kernel set and the units that were used.
    let kernels: [String]
    /// Seconds on the clock, the least of all rounds.
    var wall = Double.infinity
    /// Seconds of the processor over all threads, likewise; other programs lengthen them less.
    var processor = Double.infinity
    /// The largest difference to the answer in floats, as a share of its largest value.
    var largest = 0.0
    /// The root mean square of the difference, as a share of that of the answer in floats.
    var rms = 0.0
}

/// Times a model's UNet and autoencoder in every precision that this processor has units for, in turns, compares
/// what they answer with floats and prints a JSON document.
func timePrecisions(_ model: URL, side: Int, rounds: Int) throws {
    let source = try modelSource(model)
    let precisions = [Precision.exact] + [.bf16, .int8].filter { !$0.units.isEmpty }
    let choices = KernelChoices()
    let networks = try precisions.map { precision in
        let arithmetic = Arithmetic(precision, choices)
        return Networks(
            unet: try UNet2DCondition(source, arithmetic: arithmetic),
            vae: try AutoencoderKL(source, arithmetic: arithmetic), arithmetic: arithmetic)
    }
    let stages = stages(networks[0].unet.configuration, side: side)
    let all = stages.flatMap { stage in
        measure(stage, networks, rounds: rounds)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(all), as: UTF8.self))
}

/// Runs one stage again and again in one precision, for a profiler: prints "ready" when the model is loaded and has
/// answered once, begins at the next line of standard input, and prints the seconds on the clock of a call.
func repeatStage(
    _ model: URL, named name: String, in precision: Precision, rounds: Int, side: Int
) throws {
    let source = try modelSource(model)
    let arithmetic = Arithmetic(precision, KernelChoices())
    let networks = Networks(
        unet: try UNet2DCondition(source, arithmetic: arithmetic),
        vae: try AutoencoderKL(source, arithmetic: arithmetic), arithmetic: arithmetic)
    let all =
        stages(networks.unet.configuration, side: side)
        + [areasStage(networks.unet.configuration, side: side)]
    guard let stage = all.first(where: { $0.name == name }) else {
        print("stages: " + all.map(\.name).joined(separator: ", "))
        exit(64)
    }
    _ = stage.run(networks)
    print("ready")
    fflush(nil)
    _ = readLine()
    let start = ContinuousClock.now
    for _ in 0..<rounds { _ = stage.run(networks) }
    print(start.duration(to: .now) / .seconds(Double(rounds)))
}

private struct Networks {
    let unet: UNet2DCondition
    let vae: AutoencoderKL
    let arithmetic: Arithmetic
}

private struct Stage {
    let name: String
    let run: (Networks) -> Tensor
}

private func stages(_ configuration: UNet2DCondition.Configuration, side: Int) -> [Stage] {
    let latents = noise([1, side / 8, side / 8, configuration.outChannels])
    let sample = noise([1, side / 8, side / 8, configuration.inChannels], seed: 2)
    let both = Tensor.concatenated([sample, sample], axis: 0)
    let context = noise([2, 77, configuration.contextWidths[0]], seed: 3)
    let one = context.sliced(axis: 0, 0..<1)
    let pixels = noise([1, side, side, 3], seed: 4)
    return [
        Stage(name: "plain") { $0.unet(sample, timestep: 481, encoderHiddenStates: one) },
        Stage(name: "guided") { $0.unet(both, timestep: 481, encoderHiddenStates: context) },
        Stage(name: "encode") { $0.vae.encode(pixels).mean },
        Stage(name: "decode") { $0.vae.decode(latents) },
    ]
}

/// A call of the prompt alone in the area of a square mask of 10 %; two whole calls come before the first.
private func areasStage(
    _ configuration: UNet2DCondition.Configuration, side: Int
) -> Stage {
    let latents = side / 8
    let edge = Int((Double(latents * latents) / 10).squareRoot().rounded(.up))
    let range = edge..<2 * edge
    let reuse = Reuse(
        areas: Areas(height: latents, width: latents, [Area(rows: range, columns: range)]))
    let sample = noise([1, latents, latents, configuration.inChannels], seed: 2)
    let context = noise([2, 77, configuration.contextWidths[0]], seed: 3)
    var isFirst = true
    return Stage(name: "areas") { networks in
        if isFirst {
            for time in [1000, 700] as [Float] {
                _ = networks.unet(
                    .concatenated([sample, sample], axis: 0), timestep: time,
                    encoderHiddenStates: context, reuse: reuse)
            }
            (isFirst, reuse.isPartial) = (false, true)
        }
        return networks.unet(
            sample, timestep: 481, encoderHiddenStates: context.sliced(axis: 0, 1..<2),
            reuse: reuse)
    }
}

private func measure(_ stage: Stage, _ networks: [Networks], rounds: Int) -> [Measured] {
    let answers = networks.map { stage.run($0) }
    var all = networks.map {
        Measured(
            stage: stage.name, precision: $0.arithmetic.precision.rawValue,
            kernels: [KernelSet.current.name] + $0.arithmetic.units)
    }
    for _ in 0..<rounds {
        for (index, network) in networks.enumerated() {
            let (wall, processor) = (ContinuousClock.now, processorSeconds())
            _ = stage.run(network)
            all[index].processor = min(all[index].processor, processorSeconds() - processor)
            all[index].wall = min(all[index].wall, wall.duration(to: .now) / .seconds(1))
        }
    }
    for index in all.indices {
        (all[index].largest, all[index].rms) = difference(answers[index], answers[0])
    }
    return all
}

/// Seconds that all threads of this process have run in user mode.
private func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
}

private func difference(_ found: Tensor, _ exact: Tensor) -> (largest: Double, rms: Double) {
    var (largest, size, squares, sizes) = (Float(0), Float(0), 0.0, 0.0)
    for (a, b) in zip(found.values, exact.values) {
        (largest, size) = (max(largest, abs(a - b)), max(size, abs(b)))
        squares += Double((a - b) * (a - b))
        sizes += Double(b * b)
    }
    return (Double(largest / size), (squares / sizes).squareRoot())
}
