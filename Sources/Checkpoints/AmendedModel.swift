public import Foundation

/// A model with LoRAs added, and with components of other models in the place of its own.
public struct AmendedModel: ModelOverlay {
    /// the model that things are added to
    public let base: any ModelSource
    private let components: [String: any ModelSource]
    private let changes: [String: [String: [LowRankChange]]]

    /// - Parameters:
    ///   - base: the model.
    ///   - components: whose `unet`, `vae`, … to use instead.
    ///   - loras: each with the factor for what it adds; the same weight may be in several.
    /// - Throws: `CheckpointError` for a LoRA that does not fit the model or is damaged.
    public init(
        _ base: any ModelSource, replacing components: [String: any ModelSource] = [:],
        adding loras: [(lora: LoRA, strength: Float)] = []
    ) throws {
        (self.base, self.components) = (base, components)
        guard !loras.isEmpty else {
            changes = [:]
            return
        }
        func source(_ component: String) -> any ModelSource { components[component] ?? base }
        let places = ["unet", "text_encoder", "text_encoder_2"].filter { source($0).contains($0) }
        let weights = try Dictionary(
            uniqueKeysWithValues: places.map { ($0, try source($0).weights($0).shapes) })
        let layers = Dictionary(
            uniqueKeysWithValues: weights.map { ($0, LoRALayers($0, names: $1.keys)) })
        var changes: [String: [String: [LowRankChange]]] = [:]
        for (lora, strength) in loras {
            var strangers: [String] = []
            for (name, part) in lora.parts.sorted(by: { $0.key < $1.key }) {
                let (component, layer) = LoRA.place(name)
                guard let weight = layers[component]?[layer],
                    let shape = weights[component]?[weight], shape.count >= 2
                else {
                    strangers.append(part.name)
                    continue
                }
                let change = try lora.change(name, of: part, to: shape, strength: strength)
                changes[component, default: [:]][weight, default: []].append(change)
            }
            try lora.refuse(strangers)
        }
        self.changes = changes
    }

    /// Whether the model has that component.
    public func contains(_ component: String) -> Bool {
        components[component] != nil || base.contains(component)
    }

    /// The JSON of a component's configuration.
    public func configuration(_ component: String) throws -> Data {
        try (components[component] ?? base).configuration(component)
    }

    /// The weights of a component, with what LoRAs add to them.
    public func weights(_ component: String) throws -> Weights {
        let weights = try (components[component] ?? base).weights(component)
        return changes[component].map(weights.adding) ?? weights
    }
}

extension LoRA {
    fileprivate func refuse(_ strangers: [String]) throws {
        guard !strangers.isEmpty else { return }
        guard strangers.count < parts.count || family == nil else {
            throw CheckpointError.addOnOfAnotherFamily(
                path: path, family: family, reason: "the model has none of its layers")
        }
        throw CheckpointError.unknownAddOnKeys(path: path, names: strangers, of: parts.count)
    }
}
