import Checkpoints
import Foundation
import Sampling
import Tensors
import TestSupport
import Testing

/// A recorded run of one of diffusers' schedulers.
struct SchedulerRun: Sendable, CustomTestStringConvertible {
    let index: Int
    let scheduler: SchedulerName
    let configuration: SchedulerConfiguration
    let steps: Int
    let strength: Double?
    let sigmas: SigmaSpacing?
    let timestepSpacing: TimestepSpacing?
    let eta: Float
    let rule: StepRule
    let isMasked: Bool
    let testDescription: String

    init(index: Int, _ fields: [String: Any]) throws {
        self.index = index
        let name = try #require(fields["scheduler"] as? String)
        scheduler = try #require(SchedulerName(rawValue: name))
        let file = try #require(fields["configuration"])
        let json = try JSONSerialization.data(withJSONObject: file, options: .sortedKeys)
        configuration = try SchedulerConfiguration(json: json)
        steps = try #require(fields["steps"] as? Int)
        strength = fields["strength"] as? Double
        sigmas = (fields["sigmas"] as? String).flatMap(SigmaSpacing.init(rawValue:))
        timestepSpacing = (fields["timestep_spacing"] as? String)
            .flatMap(TimestepSpacing.init(rawValue:))
        eta = Float(try #require(fields["eta"] as? Double))
        rule = fields["rule"].flatMap { ($0 as? String).flatMap(StepRule.init) } ?? .diffusers
        isMasked = try #require(fields["masked"] as? Bool)
        let settings = fields.filter { !($0.value is NSNull) && $0.key != "configuration" }
        testDescription = "\(index): \(settings) \(String(decoding: json, as: UTF8.self))"
    }

    func makeScheduler() throws -> any Scheduler {
        try Sampling.makeScheduler(
            scheduler, configuration: configuration, steps: steps, strength: strength,
            rule: rule, sigmas: sigmas, timestepSpacing: timestepSpacing, eta: eta)
    }
}

/// Fixtures/Parity/schedulers.*, written by Scripts/goldens/schedulers.py.
struct SchedulerRecording {
    static let folder = Fixtures.parity

    let tensors: Safetensors

    init() throws {
        tensors = try Safetensors(contentsOf: Self.folder.appending(path: "schedulers.safetensors"))
    }

    static func runs() throws -> [SchedulerRun] {
        let data = try Data(contentsOf: folder.appending(path: "schedulers.json"))
        let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let cases = try #require(file["cases"] as? [[String: Any]])
        return try cases.enumerated().map { try SchedulerRun(index: $0, $1) }
    }

    /// The levels between which a run asked for the noise of a Brownian path.
    func queries(_ index: Int) throws -> [(from: Float, to: Float)] {
        guard tensors["\(index).q"] != nil else { return [] }
        let values = try tensor("\(index).q").values
        return stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
    }

    func tensor(_ name: String) throws -> Tensor {
        try #require(tensors[name], "no tensor \(name)").widened()
    }
}

@Suite("Schedulers step as diffusers' do")
struct SchedulerParityTests {
    /// Largest difference over the run, relative to the largest value of its step.
    private func worstDifference(of run: SchedulerRun, in recording: SchedulerRecording) throws
        -> Float
    {
        let expected = try recording.tensor("\(run.index).x")
        var visited: [Tensor] = []
        try walk(run, in: recording) { visited.append($0) }
        try #require(visited.count == expected.shape[0])
        var worst: Float = 0
        for (index, x) in visited.enumerated() {
            let row = expected.sliced(axis: 0, index..<(index + 1)).values
            let scale = row.map(abs).max() ?? 0
            let difference = zip(x.values, row).map { abs($0 - $1) }.max() ?? 0
            worst = max(worst, difference / scale)
        }
        return worst
    }

    /// The run with the recording's model, noise and mask; `visit` gets the latents before the
    /// first and after each step.
    private func walk(
        _ run: SchedulerRun, in recording: SchedulerRecording, visit: (Tensor) -> Void
    ) throws {
        let clean = try recording.tensor("clean")
        let noise = try recording.tensor("noise")
        let pattern = try recording.tensor("pattern")
        var scheduler = try run.makeScheduler()
        let known = KnownRegion(
            clean: clean, noise: noise, mask: try recording.tensor("mask"), scheduler: scheduler)
        let model = NetworkDenoiser(
            .variancePreserving(run.configuration.predictionType)
        ) { x, timestep in
            (x * 0.7 + pattern.map { 0.3 * timestep / 1000 + $0 }).map(tanh)
        }
        var source = TorchRandomSource(seed: 7)
        let path = BrownianTree(
            over: scheduler.trajectory.sigmaRange, shape: clean.shape, seed: 7)
        var queries = try recording.queries(run.index)[...]
        let start = scheduler.start(clean: run.strength == nil ? nil : clean, noise: noise)
        visit(start)
        _ = try denoise(
            start, scheduler: &scheduler, denoiser: model,
            noise: { request in
                guard case .brownian(let from, let to) = request else {
                    return source.normal(clean.shape)
                }
                // torch's logarithm is off by a bit now and then, and a path takes another value at
                // a level that is: the recorded levels are asked for, and compared.
                let first = queries.popFirst()
                let asked = try #require(first)
                #expect(abs(asked.from / from - 1) < 1e-6 && abs(asked.to / to - 1) < 1e-6)
                return path(from: asked.from, to: asked.to)
            },
            afterStep: { x, index in
                let next = run.isMasked ? known.restored(in: x, after: index) : x
                visit(next)
                return next
            })
    }

    @Test("every step", arguments: try SchedulerRecording.runs())
    func steps(_ run: SchedulerRun) throws {
        let worst = try worstDifference(of: run, in: SchedulerRecording())
        // With zero SNR σ starts at 4096, and the first step loses three digits of single precision.
        let isLossy = run.configuration.rescaleBetasZeroSNR
        #expect(worst < (isLossy ? 1e-4 : 3e-6), "off by \(worst)")
    }

    @Test("timesteps", arguments: try SchedulerRecording.runs())
    func timesteps(_ run: SchedulerRun) throws {
        let expected = try SchedulerRecording().tensor("\(run.index).t").values
        let found = try run.makeScheduler().levels.map(\.timestep)
        try #require(found.count == expected.count)
        // These go between training steps, by way of single-precision logarithms.
        let isExact =
            ![SchedulerName.euler, .heun, .lms, .dpmppSDE].contains(run.scheduler)
            && run.rule == .diffusers
        for (a, b) in zip(found, expected) {
            #expect(isExact ? a == b : abs(a - b) < 1e-3, "\(found) not \(expected)")
        }
    }

    @Test("the recording covers every scheduler")
    func coverage() throws {
        let names = try Set(SchedulerRecording.runs().map(\.scheduler))
        #expect(names == Set(SchedulerName.allCases))
    }
}
