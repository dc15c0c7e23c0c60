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
            // Gesso's own row for the spacing goes before A1111's.
            guard text[ownName(of: "sigmas")] == nil else { return [("scheduler", sampler)] }
            let type =
                text["Schedule type"] ?? otherType(text["Scheduler"], of: sampler)
                ?? usualType(of: sampler, text)
            return [("scheduler", scheduler(sampler, scheduleType: type))]
        })

    /// SD.Next and Fooocus call the type so; Fooocus has it in the sampler's name, too.
    private static func otherType(_ type: String?, of sampler: String) -> String? {
        type.flatMap { sampler.lowercased().hasSuffix($0.lowercased()) ? nil : $0 }
    }

    /// The type that stable-diffusion.cpp means where it names none; nil for other programs.
    private static func usualType(of sampler: String, _ text: Infotext) -> String? {
        guard text.isOfStableDiffusionCpp, let choice = try? SchedulerChoice(alias: sampler) else {
            return nil
        }
        return choice.sigmas == nil ? SigmaSpacing.uniform.rawValue : nil
    }

    /// It is read with the sampler.
    static let otherScheduleType = InfotextField(
        name: "Scheduler", write: { _ in nil }, read: { _, text in text["Sampler"].map { _ in [] } }
    )

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

extension InfotextField.Source {
    fileprivate var scheduler: SchedulerName? { SchedulerName(rawValue: provenance.scheduler) }
}

extension SchedulerName {
    /// A1111's name, or Gesso's where A1111 has none.
    var nameInInfotext: String { traits.nameInA1111 ?? rawValue }
}
