import Sampling

/// A1111's pair of sampler and schedule type.
extension InfotextField {
    static let sampler = InfotextField(
        name: "Sampler", write: { $0.scheduler?.nameInInfotext },
        read: { sampler, text in
            // stable-diffusion.cpp's DDIM with fresh noise is its Euler a.
            let name = sampler.lowercased()
            if name.hasPrefix("ddim_trailing"), let eta = text["Eta"].flatMap(Double.init),
                eta != 0, eta != .infinity
            {
                let spacing = name.dropFirst("ddim_trailing".count).drop { $0 == " " }
                return eta == 1
                    ? [("scheduler", "Euler a " + (spacing.isEmpty ? "simple" : spacing))]
                    : [("scheduler", "\(sampler) eta \(eta)")]
            }
            // SD.Next's word for the checkpoint's own.
            if name == "default" { return [] }
            let named =
                text["Schedule type"] ?? otherType(text["Scheduler"], of: sampler)
                ?? otherType(text["Sampler sigma"], of: sampler)
            // Gesso's own row for the spacing goes before A1111's. SD.Next leaves it to the checkpoint.
            guard text[ownName(of: "sigmas")] == nil, named != nil || text["App"] != "SD.Next"
            else { return [("scheduler", sampler)] }
            let type = named ?? usualType(of: sampler, text)
            return [("scheduler", scheduler(sampler, scheduleType: type))]
        })

    /// SD.Next and Fooocus call the type so; Fooocus has it in the sampler's name, too.
    private static func otherType(_ type: String?, of sampler: String) -> String? {
        type.flatMap {
            ["default", "auto"].contains($0.lowercased())
                || sampler.lowercased().hasSuffix($0.lowercased()) ? nil : $0
        }
    }

    /// The type that a program means where it names none; nil where that is A1111's choice for the sampler.
    static func usualType(of sampler: String, _ text: Infotext) -> String? {
        guard text.namesEverySpacing, let choice = try? SchedulerChoice(alias: sampler) else {
            return nil
        }
        return choice.sigmas == nil ? SigmaSpacing.uniform.rawValue : nil
    }

    /// It is read with the sampler.
    static let otherScheduleType = readWithTheSampler("Scheduler")
    static let samplerSigma = readWithTheSampler("Sampler sigma")

    private static func readWithTheSampler(_ name: String) -> InfotextField {
        InfotextField(
            name: name, write: { _ in nil }, read: { _, text in text["Sampler"].map { _ in [] } })
    }

    static let scheduleType = InfotextField(
        name: "Schedule type",
        write: { source in
            let sigmas = source.recipe.sigmas
            guard sigmas == .default else { return sigmas.nameInA1111 ?? sigmas.rawValue }
            // Another program would take its own choice: the plain spacing is nearer to diffusers'.
            let automatic = source.scheduler?.traits.automatic ?? .uniform
            let isAutomatic = automatic == .uniform || source.recipe.stepRule != .diffusers
            return isAutomatic ? nil : SigmaSpacing.uniform.nameInA1111
        },
        // It is read with the sampler.
        read: { _, text in text["Sampler"] == nil ? nil : [] })

    /// The name of both, as `SchedulerChoice` reads it. A type that is not known stays in it, so that
    /// it is refused by its name: another one would make another picture. "Automatic" of a sampler
    /// that is spaced plainly leaves the spacing open.
    static func scheduler(_ sampler: String, scheduleType type: String?) -> String {
        guard let choice = try? SchedulerChoice(sampler: sampler, scheduleType: type) else {
            return [sampler, type].compactMap(\.self).joined(separator: " ")
        }
        let isOpen = ["", "Automatic"].contains(type ?? "") && choice.sigmas == .uniform
        let spacing = isOpen ? nil : choice.sigmas.map { $0.nameInA1111 ?? $0.rawValue }
        return [choice.scheduler.nameInInfotext, spacing].compactMap(\.self)
            .joined(separator: " ")
    }
}

extension Infotext {
    /// Whether the program names every spacing but the plain one: stable-diffusion.cpp, nodes of ComfyUI, and
    /// A1111 before its version 1.9, from which on it chooses one for a sampler.
    fileprivate var namesEverySpacing: Bool {
        guard let version = self["Version"] else { return false }
        if isOfStableDiffusionCpp || version == "ComfyUI" { return true }
        // Forge has its own version before that of A1111.
        guard let match = version.firstMatch(of: #/^(?:f[0-9.]+)?v1\.([0-9]{1,3})/#),
            let minor = Int(match.1)
        else { return false }
        return minor < 9
    }
}

extension InfotextField.Source {
    fileprivate var scheduler: SchedulerName? { SchedulerName(rawValue: provenance.scheduler) }
}

extension SchedulerName {
    /// A1111's name, or Gesso's where A1111 has none.
    var nameInInfotext: String { traits.nameInA1111 ?? rawValue }
}
