import Imaging
import Models
import Recipes
import Sampling
import Tensors

/// The ControlNets of one run over the steps: what they read, embedded once.
struct ControlRun {
    /// A ControlNet with what it reads.
    private struct Entry {
        let control: Control
        let network: ControlNet
        /// [1, H, W, channels].
        let picture: Tensor
        /// Shares of what it adds, at the sizes at which it adds something; nil is all everywhere.
        let area: AreaPyramid?
    }

    private let entries: [Entry]
    private let steps: Int

    /// - Parameters:
    ///   - pictures: of each control, [1, 8H, 8W, 3].
    ///   - steps: how many there will be.
    init(_ controls: [(control: Control, network: ControlNet, picture: Tensor)], steps: Int) {
        entries = controls.map {
            Entry(
                control: $0.control, network: $0.network,
                picture: $0.network.embedding(of: $0.picture),
                area: $0.control.area.map(AreaPyramid.init))
        }
        self.steps = steps
    }

    /// What they add in a step; nil if none is at work.
    ///
    /// - Parameters:
    ///   - sample: the network's latents [N, H, W, C], the prompt's branch last.
    ///   - conditioning: of N rows.
    ///   - parts: how many of the rows, the last ones, are the prompt's.
    ///   - step: counted from 0.
    func residuals(
        _ sample: Tensor, timestep: Float, _ conditioning: Conditioning, ofPrompt parts: Int,
        inStep step: Int
    ) -> ControlResiduals? {
        entries.reduce(nil) { sum, entry in
            guard entry.control.works(inStep: step, of: steps) else { return sum }
            let rows = sample.shape[0]
            let network = entry.network
            let own = network.configuration.steersPromptOnly(entry.control.mode) ? parts : rows
            let residuals = network(
                own == rows ? sample : sample.sliced(axis: 0, rows - own..<rows),
                picture: entry.picture, timestep: timestep, conditioning.suffix(own),
                shares: entry.area.map { area in { area.shares(height: $0, width: $1) } })
            // Means over the picture are not weighted by level, as in diffusers.
            let mode = network.configuration.averages ? .balanced : entry.control.mode
            let factors = mode.factors(entry.control.weight, skips: residuals.down.count)
            let added = residuals.scaled(by: factors).padded(toRows: rows)
            return sum.map { $0 + added } ?? added
        }
    }
}

extension ControlNet.Configuration {
    /// Whether the branch of the prompt alone is steered; always by means over the whole picture, as in
    /// diffusers.
    func steersPromptOnly(_ mode: ControlMode) -> Bool { averages || mode.isForPromptOnly }
}

extension Control {
    /// Whether it steers a step, the first being 0; diffusers' rule.
    func works(inStep step: Int, of steps: Int) -> Bool {
        weight > 0 && Double(step) / Double(steps) >= start
            && Double(step + 1) / Double(steps) <= end
    }
}

extension Model {
    /// The ControlNets of an edit at the size of its latents; nil where it has none.
    ///
    /// - Throws: `EditingError.noControlNet` for a network the model was not loaded with, and
    ///   `.nothingToControlBy` where a control reads the picture and there is none.
    func controlRun(_ edit: Edit, _ latents: Latents, steps: Int) throws -> ControlRun? {
        guard !edit.controls.isEmpty else { return nil }
        return ControlRun(
            try edit.controls.map { control in
                guard let network = controlNets[control.network] else {
                    throw EditingError.noControlNet(control.network, model: name)
                }
                let picture = try control.pixels(for: edit, latents)
                return (control, network, picture)
            }, steps: steps)
    }
}

extension Control {
    /// What it reads, [1, H, W, 3] in 0...1 at the size the model works at; -1 where it must not see.
    fileprivate func pixels(for edit: Edit, _ latents: Latents) throws -> Tensor {
        let picture: Image
        switch source {
        case .map(let map): picture = map.onBlack
        case .drawing(let kind):
            guard let start = edit.start else { throw EditingError.nothingToControlBy(network) }
            picture = start.controlMap(kind)
        case .picture, .surroundings:
            guard let start = edit.start else { throw EditingError.nothingToControlBy(network) }
            picture = start
        }
        let sized = picture.inSRGB.resized(width: edit.width, height: edit.height)
        let pixels = latents.unitPixels(of: sized)
        var mask = hidden?.resized(width: edit.width, height: edit.height, filter: .bilinear)
        if case .surroundings = source { mask = mask ?? edit.region }
        return mask.map { pixels.hiding($0.padded(toMultipleOf: latents.factor)) } ?? pixels
    }
}

/// The mask of where a ControlNet steers, as shares at each size at which it is asked for; each is made once.
private final class AreaPyramid {
    private let mask: Tensor
    private var known: [[Int]: [Float]] = [:]

    init(_ mask: Mask) {
        self.mask = Tensor(
            mask.values.map { Float($0) / 255 }, shape: [1, mask.height, mask.width, 1])
    }

    /// In 0...1, [height, width]; as torch's bilinear interpolation has them.
    func shares(height: Int, width: Int) -> [Float] {
        if let shares = known[[height, width]] { return shares }
        let shares = mask.scaled(height: height, width: width, by: .bilinear).values
        known[[height, width]] = shares
        return shares
    }
}

extension Tensor {
    /// A picture [1, H, W, 3] that is -1 where a mask is half white or more.
    fileprivate func hiding(_ mask: Mask) -> Tensor {
        Tensor(
            values.enumerated().map { index, value in mask.values[index / 3] >= 128 ? -1 : value },
            shape: shape)
    }
}
