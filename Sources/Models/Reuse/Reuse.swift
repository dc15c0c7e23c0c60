public import Tensors

/// What the last whole call of a backbone left, for calls that compute some areas of the latents alone: what is
/// around them in the input of each convolution, the keys and values of attention and the statistics of group
/// normalisation (after Li et al. 2022, "Efficient Spatially Sparse Inference for Conditional GANs and Diffusion
/// Models"). Between whole calls each of these goes on changing as it did between the last two, at a pace that slows
/// down: the picture around the areas is known, so it depends on little but the timestep.
///
/// In a call of areas alone, activations hold their places only, [N,1,R,C]. Layers go through their steps in the
/// same order in every call, so what each keeps is found by its turn. With areas that cover everything the result
/// is that of a whole call.
///
/// Where the branch without a prompt is spared, only whole calls compute it: for the others its difference to the
/// branch of the prompt goes on changing, too (as Lv et al. 2024, "FasterCache", do with whole pictures).
///
/// A reuse belongs to one run.
public final class Reuse {
    /// What a step of a whole call keeps.
    private enum Kept {
        case convolution(Areas, [Window], [Tensor])
        case sums(GroupSums)
        case memory(Areas, CrossAttention.Memory)
    }

    /// What two calls have to have in common.
    private struct Call: Equatable {
        let shape: [Int]
        let isOne: Bool
    }

    /// How much of the change between two whole calls is added where as much time has passed since the last one, as a
    /// share of theirs: less the longer it is, for features bend. Measured on the built-in models.
    private static func factor(after passed: Float) -> Float { 1.2 * passed / (1 + 0.3 * passed) }

    private let interval: Int
    private let areas: Areas
    /// Whether whole calls of two rows are followed by calls of the last one alone.
    public let sparesBranch: Bool
    /// Of the last whole call.
    private var kept: [Kept] = []
    /// Of the whole call before, where it was at another timestep.
    private var earlier: [Kept] = []
    private var timesteps: (last: Float, earlier: Float) = (0, 0)
    /// How much of the change between both is added in this call.
    private var factor: Float = 0
    private var turn = 0
    private var call: Call?
    private var calls = 0
    private var output: Tensor?
    private var estimate: Tensor?
    /// What the prompt changed in the answer of the last call with both branches.
    private var difference: Tensor?
    /// The same of the whole call before, where it was at another timestep.
    private var earlierDifference: Tensor?
    /// Whether the next call is of the prompt and the areas alone.
    private var isOfPromptAlone = false
    /// Whether the call under way, or the last one, computes the areas alone.
    private(set) var isPartial = false

    /// How many calls after a whole one the next is whole: fewer where there is most noise and a picture takes its
    /// shape, and more where its details are decided.
    ///
    /// - Parameters:
    ///   - interval: of whole calls in the middle of a schedule.
    ///   - timestep: of the whole call, 0...999.
    public static func gap(_ interval: Int, after timestep: Float) -> Int {
        let place = max(1 - timestep / 1000, 0)
        return max(Int((Float(interval) * (2 * place).squareRoot()).rounded()), 1)
    }

    /// - Parameters:
    ///   - interval: one of so many calls is whole in the middle of a schedule, 1 or more (`gap`).
    ///   - areas: what the others compute.
    ///   - sparesBranch: whether whole calls of two rows are followed by calls of the last one alone.
    public init(interval: Int, areas: Areas, sparesBranch: Bool = false) {
        precondition(interval > 0)
        (self.interval, self.areas, self.sparesBranch) = (interval, areas, sparesBranch)
    }

    /// Begins a call, which is whole where the last whole one was of another kind.
    ///
    /// - Parameters:
    ///   - shape: of the input [N,H,W,C].
    ///   - isOne: whether its rows are computed as one at first.
    ///   - timestep: that the network is shown.
    func begin(shape: [Int], isOne: Bool, timestep: Float) {
        let call = Call(shape: shape, isOne: isOne)
        isPartial = isOfPromptAlone || (call == self.call && keeps(call) && !isNextWhole)
        precondition(!isOfPromptAlone || shape[0] == 1, "the branch is not spared")
        (isOfPromptAlone, turn) = (false, 0)
        calls += 1
        guard !isPartial else {
            let change = timesteps.last - timesteps.earlier
            factor =
                earlier.isEmpty ? 0 : Self.factor(after: (timestep - timesteps.last) / change)
            return
        }
        if call != self.call {
            (earlier, difference, earlierDifference) = ([], nil, nil)
        } else if timestep != timesteps.last {
            (earlier, timesteps.earlier) = (kept, timesteps.last)
            earlierDifference = difference
        }
        (self.call, calls, kept, timesteps.last) = (call, 0, [], timestep)
    }

    /// Has the next call be a whole one, which nothing is known before.
    public func startOver() { call = nil }

    private var isNextWhole: Bool {
        calls + 1 >= Self.gap(interval, after: timesteps.last)
    }

    /// Whether all rows of a call are kept.
    private func keeps(_ call: Call) -> Bool { !sparesBranch || call.shape[0] == 1 }

    /// Of the rows of a whole call those that others have.
    private func needed(_ x: Tensor) -> Tensor { sparesBranch ? x.lastRow : x }

    /// Of a picture [N,H,W,C] what this call goes on with.
    func taken(_ picture: Tensor) -> Tensor {
        guard isPartial else { return picture }
        return areas.scaled(toHeight: picture.shape[1], width: picture.shape[2]).gathered(picture)
    }

    /// The same of what ControlNets add.
    func taken(_ control: ControlResiduals) -> ControlResiduals {
        ControlResiduals(down: control.down.map(taken), middle: taken(control.middle))
    }

    /// The statistics over the whole picture: what the places of this call come to with those around them.
    func completed(_ sums: GroupSums, of x: Tensor, groups: Int) -> GroupSums {
        guard isPartial else {
            let own = areas.scaled(toHeight: x.shape[1], width: x.shape[2]).gathered(x)
            let around = sums - own.groupSums(groups: groups)
            kept.append(.sums(sparesBranch ? around.lastRow : around))
            return sums
        }
        guard case (.sums(let around), let before) = next() else {
            preconditionFailure("not the same steps")
        }
        guard case .sums(let before) = before else { return around + sums }
        return around.extrapolated(from: before, by: Double(factor)) + sums
    }

    /// The keys and values of the whole picture.
    ///
    /// - Parameters:
    ///   - own: those of the places of this call, [N,R,C].
    ///   - height: of the picture, in a whole call.
    ///   - width: likewise.
    func completed(
        _ own: CrossAttention.Memory, height: Int, width: Int
    ) -> CrossAttention.Memory {
        guard isPartial else {
            let memory = CrossAttention.Memory(key: needed(own.key), value: needed(own.value))
            kept.append(.memory(areas.scaled(toHeight: height, width: width), memory))
            return own
        }
        guard case (.memory(let areas, var memory), let before) = next() else {
            preconditionFailure("not the same steps")
        }
        if case .memory(_, let before) = before {
            memory.key = memory.key.extrapolated(from: before.key, by: factor)
            memory.value = memory.value.extrapolated(from: before.value, by: factor)
        }
        areas.write(own.key, overRows: &memory.key)
        areas.write(own.value, overRows: &memory.value)
        return memory
    }

    /// What the network answers for the whole picture: around the areas what it last did.
    func finished(_ answer: Tensor) -> Tensor {
        guard isPartial, var all = output else {
            output = needed(answer)
            return answer
        }
        areas.write(answer, over: &all)
        return all
    }

    /// The same of an estimate [N,H,W,C] that was made from the answer.
    public func completed(estimate answer: Tensor) -> Tensor {
        guard isPartial, var all = estimate else {
            estimate = answer
            return answer
        }
        areas.write(taken(answer), over: &all)
        return all
    }

    /// What the next step kept in the last whole call, and in the one before if there is a change to go on with.
    private func next() -> (last: Kept, earlier: Kept?) {
        defer { turn += 1 }
        return (kept[turn], factor == 0 ? nil : earlier[turn])
    }
}

extension Reuse {
    /// A convolution of what this call computes.
    ///
    /// - Parameters:
    ///   - geometry: of the convolution.
    ///   - residual: of the result's places.
    ///   - whole: convolves a whole picture.
    ///   - part: convolves a part of it, given with its padding and its part of the residual.
    func convolved(
        _ x: Tensor, _ geometry: Window.Geometry, adding residual: consuming Tensor?,
        whole: (Tensor?) -> Tensor, part: (Tensor, Padding, Tensor?) -> Tensor
    ) -> Tensor {
        guard isPartial else {
            let inputs = areas.scaled(toHeight: x.shape[1], width: x.shape[2])
            let size = geometry.outputSize(of: x)
            let windows = areas.scaled(toHeight: size.height, width: size.width).all.map {
                Window(for: $0, of: x, geometry)
            }
            kept.append(
                .convolution(
                    inputs, windows,
                    windows.map {
                        needed(x.cropped(rows: $0.source.rows, columns: $0.source.columns))
                    }))
            return whole(residual.take())
        }
        guard case (.convolution(let inputs, let windows, var crops), let before) = next() else {
            preconditionFailure("not the same steps")
        }
        if case .convolution(_, _, let before) = before {
            crops = zip(crops, before).map { $0.extrapolated(from: $1, by: factor) }
        }
        let parts = inputs.parts(of: x)
        for index in crops.indices {
            inputs.write(parts, over: &crops[index], at: windows[index].source)
        }
        let outputs = Areas(height: 0, width: 0, windows.map(\.output))
        let residuals = residual.take().map(outputs.parts)
        let results = windows.indices.map { index in
            let window = windows[index]
            return part(window.enlarged(crops[index]), window.padding, residuals?[index])
        }
        return outputs.gathered(results)
    }
}

extension Reuse {
    /// Whether the branch without a prompt is spared in the next call, which computes the areas alone then and has to
    /// be asked for the last row.
    public func sparesNextBranch() -> Bool {
        isOfPromptAlone = sparesBranch && difference != nil && call != nil && !isNextWhole
        return isOfPromptAlone
    }

    /// Keeps what the prompt changed in the answer of a call with both branches, [N,H,W,C].
    public func keep(difference: Tensor) { self.difference = difference }

    /// What the prompt changes in the answer of a call that spared a branch; nil where that is not known.
    public var keptDifference: Tensor? {
        guard let difference, let earlierDifference else { return difference }
        return difference.extrapolated(from: earlierDifference, by: factor)
    }
}

extension Areas {
    /// Writes gathered rows [N,R,C] over those of a whole picture [N,S,C].
    fileprivate func write(_ gathered: Tensor, overRows rows: inout Tensor) {
        let (batch, channels) = (rows.shape[0], rows.shape[2])
        var picture = rows.reshaped([batch, height, width, channels])
        // The only reference, so that it is written in place.
        rows = Tensor(zeros: [1])
        write(gathered.reshaped([batch, 1, count, channels]), over: &picture)
        rows = picture.reshaped([batch, height * width, channels])
    }

    /// Pictures of the areas [N,h,w,C] as gathered places [N,1,R,C].
    fileprivate func gathered(_ parts: [Tensor]) -> Tensor {
        let runs = zip(parts, all).map { part, area in
            part.reshaped([part.shape[0], 1, area.count, part.shape[3]])
        }
        return runs.count == 1 ? runs[0] : .concatenated(runs, axis: 2)
    }
}
