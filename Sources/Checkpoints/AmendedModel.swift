public import Foundation

/// A LoRA with the factors for what it adds.
public struct WeightedLoRA: Sendable {
    let lora: LoRA
    /// For the UNet.
    let strength: Float
    /// For the text encoders.
    let textStrength: Float
    /// Further factors; nil is 1 for all.
    let blocks: [Float]?

    /// - Parameters:
    ///   - textStrength: nil is the same.
    ///   - blocks: 26 further factors: for the text encoders, for the UNet's blocks in 0 to 11, its middle,
    ///     and its blocks out 0 to 11, as the original repository counts them. What is in none of these
    ///     blocks has 1. Nil is 1 for all.
    public init(
        _ lora: LoRA, strength: Float, textStrength: Float? = nil, blocks: [Float]? = nil
    ) {
        (self.lora, self.strength, self.textStrength) = (lora, strength, textStrength ?? strength)
        self.blocks = blocks
    }

    /// The factor for what it adds to a layer.
    fileprivate func strength(of layer: String, in component: String, _ layers: LoRALayers?)
        -> Float
    {
        let strength = component == "unet" ? strength : textStrength
        guard let blocks else { return strength }
        let place = component == "unet" ? layers?.block(of: layer) : 0
        return strength * (place.map { blocks[$0] } ?? 1)
    }
}

/// A model with LoRAs added, and with components of other models in the place of its own.
public struct AmendedModel: ModelOverlay {
    /// The model that things are added to.
    public let base: any ModelSource
    /// Remarks on what of the LoRAs is left out, for the user.
    public let notes: [String]
    private let components: [String: any ModelSource]
    private let changes: [String: [String: [any WeightChange]]]

    /// - Parameters:
    ///   - base: the model.
    ///   - components: whose `unet`, `vae`, … to use instead.
    ///   - loras: in the order in which they are added; the same weight may be in several.
    /// - Throws: `CheckpointError` for a LoRA that does not fit the model or is damaged.
    public init(
        _ base: any ModelSource, replacing components: [String: any ModelSource] = [:],
        adding loras: [WeightedLoRA] = []
    ) throws {
        (self.base, self.components) = (base, components)
        guard !loras.isEmpty else {
            (changes, notes) = ([:], [])
            return
        }
        func source(_ component: String) -> any ModelSource { components[component] ?? base }
        let places = ["unet", "text_encoder", "text_encoder_2"].filter { source($0).contains($0) }
        var joining = JoiningLoRAs(
            shapes: try Dictionary(
                uniqueKeysWithValues: places.map { ($0, try source($0).weights($0).shapes) }))
        for lora in loras { try joining.add(lora) }
        (changes, notes) = (joining.changes, joining.notes)
    }

    /// Where a component comes from.
    public func place(of component: String) -> URL {
        (components[component] ?? base).place(of: component)
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

/// The changes of several LoRAs, by component and weight.
private struct JoiningLoRAs {
    let shapes: [String: [String: [Int]]]
    private let layers: [String: LoRALayers]
    private(set) var changes: [String: [String: [any WeightChange]]] = [:]
    private(set) var notes: [String] = []

    init(shapes: [String: [String: [Int]]]) {
        self.shapes = shapes
        layers = Dictionary(
            uniqueKeysWithValues: shapes.map { ($0, LoRALayers($0, names: $1.keys)) })
    }

    mutating func add(_ weighted: WeightedLoRA) throws {
        let lora = weighted.lora
        var (strangers, idle): ([String], [String]) = ([], [])
        for (name, part) in lora.parts.sorted(by: { $0.key < $1.key }) {
            let (component, layer) = LoRA.place(name)
            guard let own = layers[component]?[layer],
                let weight = shapes[component]?[own + ".weight"]
            else {
                if layers[component]?.isIdle(layer) == true {
                    idle += part.tensors.values.map(\.name).sorted()
                } else {
                    strangers.append(part.name)
                }
                continue
            }
            let strength = weighted.strength(of: own, in: component, layers[component])
            // A block that is left out is left as it is to the bit.
            if strength == 0, weighted.blocks != nil { continue }
            let isInput = component == "unet" && own == "conv_in"
            let made = try named(lora) {
                try (isInput ? lora.changesOfInput : lora.changes)(
                    name, part, weight, shapes[component]?[own + ".bias"], strength)
            }
            for (end, change) in [(".weight", made.weight), (".bias", made.bias)] {
                guard let change else { continue }
                changes[component, default: [:]][own + end, default: []].append(change)
            }
        }
        try lora.refuse(strangers)
        try report(lora, idle)
    }

    /// What a closure returns; an error on a LoRA of the model's own family does not name the family.
    private func named<Value>(_ lora: LoRA, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch CheckpointError.addOnOfAnotherFamily(let path, let found?, let reason)
            where found == family
        {
            throw CheckpointError.addOnOfAnotherFamily(path: path, family: nil, reason: reason)
        }
    }

    /// The family of the model's UNet.
    private var family: String? {
        shapes["unet"]?.first { $0.key.hasSuffix(".attn2.to_k.weight") }?.value.last
            .flatMap(LoRA.family(ofContext:))
    }

    /// Tensors of a role that is not known are refused where the model has their layer. Those that change
    /// none are left out with a note: of no layer of the model, counts, and whole weights of the model's
    /// layers, as training leaves them.
    ///
    /// - Parameter idle: names of tensors that change no layer that is used.
    private mutating func report(_ lora: LoRA, _ idle: [String]) throws {
        func isOfLayer(_ name: String) -> Bool {
            let (component, layer) = LoRA.place(name)
            return layers[component]?[layer] != nil
        }
        func isWhole(_ name: String) -> Bool {
            [".weight", ".bias"].contains {
                name.hasSuffix($0) && isOfLayer(String(name.dropLast($0.count)))
            }
        }
        var (whole, others): ([String], [LoRA.Unknown]) = ([], [])
        for unknown in lora.unknown {
            if !unknown.layer.isEmpty, isWhole(unknown.name) {
                whole.append(unknown.name)
            } else {
                others.append(unknown)
            }
        }
        let ofLayers = others.filter { unknown in
            !unknown.isCount && !unknown.name.contains(".base_layer.") && isOfLayer(unknown.layer)
        }
        guard ofLayers.isEmpty else {
            throw CheckpointError.unknownAddOnRoles(
                path: lora.path, names: ofLayers.map(\.name))
        }
        note(
            idle + others.map(\.name), of: lora, "changes no layer", "change no layer",
            "of the model")
        note(whole, of: lora, "is a whole weight", "are whole weights", "and no change of a layer")
    }

    /// Notes tensors that are left out, with what one of them or several are.
    private mutating func note(
        _ names: [String], of lora: LoRA, _ one: String, _ several: String, _ rest: String
    ) {
        guard let first = names.first else { return }
        let what =
            names.count == 1
            ? "1 tensor is left out, which \(one)"
            : "\(names.count) tensors are left out, which \(several)"
        notes.append(
            "\(lora.url.lastPathComponent): \(what) \(rest): \(shown(first, upTo: 60))"
                + (names.count > 1 ? ", …" : ""))
    }
}

extension LoRA {
    fileprivate func refuse(_ strangers: [String]) throws {
        guard !strangers.isEmpty else { return }
        guard strangers.count < parts.count else {
            throw CheckpointError.addOnOfAnotherFamily(
                path: path, family: family, reason: "the model has none of its layers")
        }
        throw CheckpointError.unknownAddOnKeys(path: path, names: strangers, of: parts.count)
    }
}
