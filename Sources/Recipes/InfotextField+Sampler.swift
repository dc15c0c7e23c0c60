import Sampling

/// A1111's pair of sampler and schedule type.
extension InfotextField {
    static let sampler = InfotextField(
        name: "Sampler",
        write: { SchedulerName(rawValue: $0.provenance.scheduler)?.nameInA1111 },
        read: { sampler, text in
            [("scheduler", scheduler(sampler, scheduleType: text["Schedule type"]))]
        })

    static let scheduleType = InfotextField(
        name: "Schedule type",
        write: { source in
            let name = SchedulerName(rawValue: source.provenance.scheduler)?.nameInA1111
            // The type that A1111 takes by itself need not be named, unless it is another.
            return source.recipe.sigmas.nameInA1111
                ?? (name.flatMap(automaticType) == nil ? nil : "Uniform")
        },
        // It is read with the sampler.
        read: { _, text in text["Sampler"] == nil ? nil : [] })

    /// The name of both, as `SchedulerChoice` reads it. A type that is not known stays in it, so that
    /// it is refused by its name: another one would make another picture.
    static func scheduler(_ sampler: String, scheduleType type: String?) -> String {
        switch type {
        case nil, "", "Uniform": sampler
        case "Automatic": sampler + (automaticType(of: sampler).map { " " + $0 } ?? "")
        case .some(let type): sampler + " " + type
        }
    }

    /// What "Automatic" is for a sampler of A1111's; nil for the plain schedule.
    private static func automaticType(of sampler: String) -> String? {
        switch sampler {
        case "DPM++ 2M", "DPM++ SDE", "DPM++ 2S a", "DPM2", "DPM2 a", "Restart": "Karras"
        case "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE": "Exponential"
        default: nil
        }
    }
}

extension SchedulerName {
    /// What A1111's menu calls it.
    fileprivate var nameInA1111: String {
        switch self {
        case .ddim: "DDIM"
        case .ddpm: "DDPM"
        case .euler: "Euler"
        case .eulerAncestral: "Euler a"
        case .dpmppMultistep: "DPM++ 2M"
        case .heun: "Heun"
        case .lms: "LMS"
        case .unipc: "UniPC"
        case .pndm: "PLMS"
        case .lcm: "LCM"
        }
    }
}

extension SigmaSpacing {
    /// What A1111 calls it as a schedule type; nil for the model's own.
    fileprivate var nameInA1111: String? {
        switch self {
        case .default: nil
        case .karras: "Karras"
        case .exponential: "Exponential"
        }
    }
}
