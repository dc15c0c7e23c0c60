import Foundation
public import Imaging
import Models
public import Recipes
import Tensors

/// A ControlNet at work in an edit: which one, what it reads, how strongly it steers, and when.
public struct Control: Sendable {
    /// The name of the network, among those that the model was loaded with (`AddOns.controlNets`).
    public var network: String
    /// What it reads.
    public var source: Source
    /// Factor of what it adds, 0 or more.
    public var weight = 1.0
    /// Share of the steps that pass before it begins, in 0...1.
    public var start = 0.0
    /// Share of the steps after which it ends, in 0...1.
    public var end = 1.0
    /// How it shares its say with the prompt.
    public var mode = ControlMode.balanced

    /// What a ControlNet reads.
    public enum Source: Sendable {
        /// A picture made for its kind, such as edges or depths, of the canvas; of another size, it is
        /// resized.
        case map(Image)
        /// A map that is drawn from the picture that is edited.
        case drawing(ControlMap)
        /// The picture that is edited, as it is.
        case picture
        /// The picture that is edited, without what is repainted: for the inpainting ControlNet.
        case surroundings
    }

    /// Whether a word for what a network reads is no name of a picture.
    public static func isKind(_ word: String) -> Bool {
        [ControlChoice.picture, ControlChoice.surroundings].contains(word)
            || ControlMap(named: word) != nil
    }

    /// A control of weight 1 over all steps.
    public init(_ network: String, reading source: Source) {
        (self.network, self.source) = (network, source)
    }

    /// The same with its map drawn from a picture, if it is to be drawn.
    func drawn(from picture: Image?) -> Control {
        guard case .drawing(let kind) = source, let picture else { return self }
        var control = self
        control.source = .map(picture.controlMap(kind))
        return control
    }

    /// The same with a map of the canvas's size.
    func placed(on edit: Edit) -> Control {
        guard case .map(let image) = source,
            image.width != edit.width || image.height != edit.height
        else { return self }
        var control = self
        control.source = .map(image.resized(width: edit.width, height: edit.height))
        return control
    }

    /// The same for a part of the canvas, worked on at a size.
    func cropped(to box: Box, width: Int, height: Int) -> Control {
        guard case .map(let image) = source else { return self }
        var control = self
        control.source = .map(image.cropped(to: box).resized(width: width, height: height))
        return control
    }
}

extension ControlMode {
    /// Factors of what is added, the skip connections' first and the middle's last.
    func factors(_ weight: Double, skips: Int) -> [Float] {
        (0...skips).map { place in
            switch self {
            case .balanced: Float(weight)
            // AUTOMATIC1111 counts from the twelve skip connections of Stable Diffusion 1, whatever the
            // model.
            case .prompt, .control: Float(weight * pow(0.825, Double(12 - place)))
            case .guess: Float(weight * pow(10, Double(place) / Double(skips) - 1))
            }
        }
    }

    /// Whether it steers the branch of the prompt alone.
    var isForPromptOnly: Bool { self == .control || self == .guess }
}
