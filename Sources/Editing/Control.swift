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
    /// In which of two runs it steers; without a second run it does anyway.
    public var runs = ControlRuns.both
    /// White where it must not see what it reads; nil hides nothing, but with `surroundings` what is
    /// repainted. Of another size than the canvas, it is resized.
    public var hidden: Mask?
    /// Where it steers: all of it in white, none in black; nil is everywhere. Of any size.
    public var area: Mask?

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

    /// Whether a word for what a network reads is no name of a picture; `canny(5)` is none, though it has too
    /// few numbers.
    public static func isKind(_ word: String) -> Bool {
        let isBracketed = word.last == ")" && word.contains("(")
        let name = isBracketed ? String(word.prefix { $0 != "(" }) : word
        return [ControlChoice.picture, ControlChoice.surroundings].contains(word)
            || ControlMap.names.contains(name)
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

    /// The same for a part of the canvas, worked on at a size.
    func cropped(to box: Box, of edit: Edit, width: Int, height: Int) -> Control {
        func part(_ mask: Mask) -> Mask {
            mask.resized(width: edit.width, height: edit.height, filter: .bilinear)
                .cropped(to: box).resized(width: width, height: height, filter: .bilinear)
        }
        var control = self
        if case .map(let image) = source {
            control.source = .map(
                image.resized(width: edit.width, height: edit.height).cropped(to: box)
                    .resized(width: width, height: height))
        }
        control.hidden = hidden.map(part)
        // The whole of it is resized once, to the size of what the network adds.
        let isWhole = box.width == edit.width && box.height == edit.height
        control.area = isWhole ? area : area.map(part)
        return control
    }
}

extension ControlMap {
    /// A kind by its name, perhaps with numbers in brackets: `canny(50,150)`, `scribble(20)`. Nil for another
    /// name, and numbers it cannot have.
    public init?(named text: String) {
        let (name, numbers) = ControlChoice.parts(ofKind: text)
        self.init(name, numbers: numbers)
    }
}

extension ControlChoice {
    /// The names or paths of the pictures that it needs beside the one that is edited.
    public var pictures: [String] {
        [reads.flatMap { Control.isKind($0) ? nil : $0 }, hides, within].compactMap(\.self)
    }

    /// The same with other names for these pictures.
    public func renamingPictures(_ rename: (String) throws -> String) rethrows -> ControlChoice {
        var choice = self
        choice.reads = try reads.map { Control.isKind($0) ? $0 : try rename($0) }
        choice.hides = try hides.map(rename)
        choice.within = try within.map(rename)
        return choice
    }
}

extension Edit {
    /// The ControlNets of one of its runs.
    func controls(inSecondRun isSecond: Bool) -> [Control] {
        guard enlargement != nil else { return controls }
        return controls.filter { $0.runs == .both || ($0.runs == .second) == isSecond }
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
