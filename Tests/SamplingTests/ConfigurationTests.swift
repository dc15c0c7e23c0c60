import Foundation
import Sampling
import Testing

@Suite("Scheduler configurations")
struct ConfigurationTests {
    private func read(_ json: String) throws -> SchedulerConfiguration {
        try SchedulerConfiguration(json: Data(json.utf8))
    }

    @Test("Stable Diffusion's file")
    func stableDiffusionFile() throws {
        let found = try read(
            """
            {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012,
             "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": false,
             "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true,
             "steps_offset": 1, "trained_betas": null}
            """)
        #expect(found == .stableDiffusion)
        #expect(try found.scheduler == .pndm)
    }

    @Test("infinity as diffusers writes it")
    func infinity() throws {
        #expect(try read(#"{"lambda_min_clipped": -Infinity}"#).lambdaMinClipped == -.infinity)
        #expect(try read(#"{"lambda_min_clipped": -5.1}"#).lambdaMinClipped == -5.1)
    }

    @Test(
        "a bad value names its key",
        arguments: [
            (#"{"beta_schedule": "exp"}"#, "beta_schedule"),
            (#"{"prediction_type": "flow_prediction"}"#, "prediction_type"),
            (#"{"num_train_timesteps": 0}"#, "num_train_timesteps"),
            (#"{"num_train_timesteps": 10.5}"#, "num_train_timesteps"),
            (#"{"steps_offset": "1"}"#, "steps_offset"),
            (#"{"clip_sample": 1}"#, "clip_sample"),
            (#"{"trained_betas": [0.1, "x"]}"#, "trained_betas"),
            (#"{"solver_order": 0}"#, "solver_order"), (#"{"beta_end": 1.5}"#, "beta_end"),
            (#"{"trained_betas": [0.1, -0.1]}"#, "trained_betas"),
            (#"{"sigma_min": 0}"#, "sigma_min"), (#"{"sigma_max": -2}"#, "sigma_max"),
            (#"{"clip_sample_range": -1}"#, "clip_sample_range"),
            (#"{"steps_offset": 9000000000000000000}"#, "steps_offset"),
            (#"{"num_train_timesteps": 1e300}"#, "num_train_timesteps"),
            (#"{"original_inference_steps": 0}"#, "original_inference_steps"),
            (
                #"{"use_karras_sigmas": true, "use_exponential_sigmas": true}"#,
                "use_exponential_sigmas"
            ),
            ("[1, 2]", "(whole file)"), ("", "(whole file)"),
            (#"{"beta_end": 1e-}"#, "beta_end"),
            (#"{"beta_end": 1e+, "sigma_min": 2}"#, "beta_end"),
            (#"{"beta_end": -Infinity}"#, "beta_end"), (#"{"beta_end": NaN}"#, "beta_end"),
        ])
    func badValue(json: String, key: String) throws {
        let error = #expect(throws: SamplingError.self) { try read(json) }
        guard case .configuration(key, _, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("\n") == false)
    }

    @Test("an unknown class is an error only when the model's own scheduler is asked for")
    func unknownClass() throws {
        let configuration = try read(#"{"_class_name": "KDPM2DiscreteScheduler"}"#)
        #expect(throws: SamplingError.self) { try configuration.scheduler }
        #expect(try makeScheduler(.euler, configuration: configuration, steps: 5).levels.count == 5)
    }

    @Test("what a file leaves open is each class's own")
    func classDefaults() throws {
        let open = SchedulerConfiguration()
        let euler = try makeScheduler(.euler, configuration: open, steps: 10)
        let heun = try makeScheduler(.heun, configuration: open, steps: 10)
        let ddim = try makeScheduler(.ddim, configuration: open, steps: 10)
        #expect(euler.levels[0].timestep == 999)
        #expect(ddim.levels[0].timestep == 900)
        // β up to 0.02 gives ten times the noise of β up to 0.012.
        #expect(euler.levels[0].sigma > 150)
        #expect(heun.levels[0].sigma < 30)
    }

    @Test("pipelines correct outdated files")
    func corrections() {
        var outdated = SchedulerConfiguration()
        outdated.clipSample = true
        let plain = outdated.correctedForStableDiffusion(inpainting: false)
        #expect(plain.stepsOffset == 1 && plain.clipSample == false && !plain.skipPRKSteps)
        let inpainting = outdated.correctedForStableDiffusion(inpainting: true)
        #expect(
            inpainting.stepsOffset == 1 && inpainting.clipSample == true && inpainting.skipPRKSteps)
    }
}

@Suite("Settings a scheduler does not have")
struct RefusalTests {
    private func make(
        _ name: SchedulerName, steps: Int = 10, sigmas: SigmaSpacing? = nil,
        _ change: (inout SchedulerConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = SchedulerConfiguration.stableDiffusion
        change(&configuration)
        _ = try makeScheduler(name, configuration: configuration, steps: steps, sigmas: sigmas)
    }

    @Test(
        "spaced sigmas are refused with the list of those that have them",
        arguments: [SchedulerName.ddim, .ddpm, .pndm, .lcm],
        [SigmaSpacing.karras, .exponential])
    func sigmas(name: SchedulerName, sigmas: SigmaSpacing) {
        let error = #expect(throws: SamplingError.self) { try make(name, sigmas: sigmas) }
        let able = SchedulerName.having(.sigmas).map(\.rawValue).joined(separator: ", ")
        #expect(error?.description.hasSuffix("use " + able) == true)
        // In a file diffusers ignores it for these.
        #expect(throws: Never.self) { try make(name) { $0.sigmaSpacing = sigmas } }
    }

    @Test("diffusers' euler-a ignores spaced sigmas in a file, and spaces them when asked")
    func ancestral() throws {
        var configuration = SchedulerConfiguration.stableDiffusion
        let plain = try makeScheduler(.eulerAncestral, configuration: configuration, steps: 8)
        configuration.sigmaSpacing = .karras
        let filed = try makeScheduler(.eulerAncestral, configuration: configuration, steps: 8)
        let asked = try makeScheduler(
            .eulerAncestral, configuration: configuration, steps: 8, sigmas: .karras)
        #expect(filed.levels == plain.levels)
        #expect(asked.levels != plain.levels)
    }

    @Test("settings of other schedulers", arguments: SchedulerName.allCases)
    func settings(name: SchedulerName) throws {
        func make(eta: Float = 0, spacing: TimestepSpacing? = nil) throws {
            _ = try makeScheduler(
                name, configuration: .stableDiffusion, steps: 8, timestepSpacing: spacing, eta: eta)
        }
        if name.traits.settings.contains(.eta) {
            try make(eta: 0.5)
        } else {
            let error = #expect(throws: SamplingError.self) { try make(eta: 0.5) }
            #expect(error?.description.contains("does not support eta: use ddim") == true)
        }
        if name.traits.settings.contains(.timestepSpacing) {
            try make(spacing: .trailing)
        } else {
            #expect(throws: SamplingError.self) { try make(spacing: .trailing) }
        }
    }

    @Test("too many steps", arguments: SchedulerName.allCases)
    func steps(name: SchedulerName) {
        let most = [.lcm, .tcd].contains(name) ? 50 : 1000
        #expect(throws: SamplingError.steps(most + 1, scheduler: name, most: most)) {
            try make(name, steps: most + 1)
        }
        #expect(throws: SamplingError.steps(0, scheduler: name, most: most)) {
            try make(name, steps: 0)
        }
    }

    @Test("timesteps beyond training")
    func timesteps() {
        #expect(throws: SamplingError.timestep(1000, scheduler: .ddim, trainTimesteps: 1000)) {
            try make(.ddim, steps: 1000)
        }
    }

    @Test("a clipped schedule with nothing left")
    func nothingLeft() {
        #expect(throws: SamplingError.self) {
            try make(.dpmppMultistep) {
                $0.lambdaMinClipped = 50
                $0.timestepSpacing = .trailing
            }
        }
    }

    /// Their sigmas would be no numbers, or timesteps without end.
    @Test(arguments: [
        (SchedulerName.ddim, 0.0, 0.0, true), (.euler, 0, 0.02, false), (.unipc, 0.02, 1, false),
        (.dpmppMultistep, 0, 0, false),
    ])
    func levelsOfNoNoiseOrNoSignal(
        _ name: SchedulerName, _ start: Double, _ end: Double, _ rescales: Bool
    ) throws {
        let error = #expect(throws: SamplingError.self) {
            try make(name) {
                ($0.betaStart, $0.betaEnd, $0.rescaleBetasZeroSNR) = (start, end, rescales)
                $0.predictionType = .vPrediction
            }
        }
        guard case .configuration("beta_start, beta_end", _, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func oneTimestepCannotBeRescaled() {
        #expect(throws: SamplingError.self) {
            try make(.ddim, steps: 1) {
                ($0.trainTimesteps, $0.stepsOffset, $0.rescaleBetasZeroSNR) = (1, 0, true)
                $0.predictionType = .vPrediction
            }
        }
    }

    @Test("zero SNR with epsilon, where there is no signal to find it in")
    func zeroSNR() {
        for name in [SchedulerName.ddim, .ddpm, .lcm] {
            #expect(throws: SamplingError.self) {
                try make(name) {
                    $0.rescaleBetasZeroSNR = true
                    $0.timestepSpacing = .trailing
                }
            }
        }
        #expect(throws: Never.self) { try make(.euler) { $0.rescaleBetasZeroSNR = true } }
    }

    @Test("what is not implemented")
    func unsupported() {
        #expect(throws: SamplingError.self) { try make(.ddim) { $0.thresholding = true } }
        #expect(throws: Never.self) { try make(.euler) { $0.thresholding = true } }
        #expect(throws: SamplingError.self) {
            try make(.euler) { $0.unsupportedSwitches = ["use_beta_sigmas"] }
        }
        #expect(throws: SamplingError.self) { try make(.ddpm) { $0.varianceType = "learned" } }
        #expect(throws: SamplingError.self) {
            try make(.dpmppMultistep) { $0.algorithmType = "dpmsolver" }
        }
        #expect(throws: SamplingError.self) { try make(.dpmppMultistep) { $0.solverOrder = 4 } }
        #expect(throws: SamplingError.self) { try make(.unipc) { $0.predictX0 = false } }
        #expect(throws: SamplingError.self) {
            try make(.pndm, steps: 3) { $0.skipPRKSteps = false }
        }
        #expect(throws: SamplingError.self) { try make(.euler) { $0.trainedBetas = [0.1, 0.2] } }
    }
}
