public import Tensors

/// What whole calls of a backbone left, for calls that compute some areas of the latents alone: what is around them in
/// the input of each convolution, the keys and values of attention and the statistics of group normalisation (after
/// Li et al. 2022, "Efficient Spatially Sparse Inference for Conditional GANs and Diffusion Models"). The last two are
/// kept. At a timestep between theirs each of these is between both; beyond the last one it goes on changing as it did,
/// at a pace that slows down: the picture around the areas is known, so it depends on little but the timestep.
///
/// In a call of areas alone, activations hold their places only, [N,1,R,C]. Layers go through their steps in the
/// same order in every call, so what each keeps is found by its turn. With areas that cover everything the result
/// is that of a whole call. A call of areas may have fewer rows than the whole ones, the last of theirs.
///
/// A reuse belongs to one run.
public final class Reuse {
    /// What a step of a whole call keeps.
    private enum Kept {
        case convolution(Areas, [Window], [Tensor])
        case sums(GroupSums)
        case memory(Areas, CrossAttention.Memory)
    }

    /// A whole call.
    private struct Whole {
        let timestep: Float
        var kept: [Kept] = []
        var answer: Tensor?
        var estimate: Tensor?
    }

    /// How much of the change between two whole calls is added where as much time has passed since the last one, as a
    /// share of theirs; below 0 it is between both. Beyond, it is less the longer it is, for features bend: measured
    /// on the built-in models.
    private static func factor(after passed: Float) -> Float {
        passed <= 0 ? max(passed, -1) : 1.2 * passed / (1 + 0.3 * passed)
    }

    private let areas: Areas
    /// Whether the calls that follow compute the areas alone; the first one has to be whole.
    public var isPartial = false
    private var last: Whole?
    /// The whole call before, where it was at another timestep.
    private var earlier: Whole?
    /// How much of the change between both is added in this call.
    private var factor: Float = 0
    private var turn = 0
    /// Of this call.
    private var rows = 0

    /// - Parameter areas: what the calls compute that are not whole.
    public init(areas: Areas) { self.areas = areas }

    /// Begins a call.
    ///
    /// - Parameters:
    ///   - rows: of its input.
    ///   - timestep: that the network is shown.
    func begin(rows: Int, timestep: Float) {
        (self.rows, turn, factor) = (rows, 0, 0)
        guard isPartial else {
            if let last, last.timestep != timestep { earlier = last }
            last = Whole(timestep: timestep)
            return
        }
        guard let last else { preconditionFailure("nothing is known of the rest") }
        if let earlier {
            factor = Self.factor(
                after: (timestep - last.timestep) / (last.timestep - earlier.timestep))
        }
    }

    /// Forgets all calls: what follows is of other prompts or of other rows.
    public func startOver() { (last, earlier) = (nil, nil) }

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
            keep(.sums(sums - own.groupSums(groups: groups)))
            return sums
        }
        guard case (.sums(let around), let before) = next() else {
            preconditionFailure("not the same steps")
        }
        let now = around.lastRows(rows)
        guard case .sums(let before) = before else { return now + sums }
        return now.extrapolated(from: before.lastRows(rows), by: Double(factor)) + sums
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
            keep(.memory(areas.scaled(toHeight: height, width: width), own))
            return own
        }
        guard case (.memory(let areas, var memory), let before) = next() else {
            preconditionFailure("not the same steps")
        }
        let earlier: CrossAttention.Memory? =
            if case .memory(_, let own) = before { own } else { nil }
        memory.key = now(memory.key, earlier?.key)
        memory.value = now(memory.value, earlier?.value)
        areas.write(own.key, overRows: &memory.key)
        areas.write(own.value, overRows: &memory.value)
        return memory
    }

    /// What the network answers for the whole picture: around the areas what it last did.
    func finished(_ answer: Tensor) -> Tensor {
        guard isPartial, var all = last?.answer?.lastRows(rows) else {
            last?.answer = answer
            return answer
        }
        areas.write(answer, over: &all)
        return all
    }

    /// The same of an estimate [N,H,W,C] that was made from the answer; at a timestep between two whole calls it is
    /// between theirs around the areas.
    public func completed(estimate answer: Tensor) -> Tensor {
        guard isPartial, var all = last?.estimate else {
            last?.estimate = answer
            return answer
        }
        if factor < 0, let before = earlier?.estimate {
            all = all.extrapolated(from: before, by: factor)
        }
        areas.write(taken(answer), over: &all)
        return all
    }

    private func keep(_ kept: Kept) { last?.kept.append(kept) }

    /// What the next step kept in the last whole call, and in the one before if there is a change between both.
    private func next() -> (last: Kept, earlier: Kept?) {
        guard let last else { preconditionFailure("nothing is known of the rest") }
        defer { turn += 1 }
        return (last.kept[turn], factor == 0 ? nil : earlier?.kept[turn])
    }

    /// The rows of this call at its timestep, from those of the last two whole calls.
    private func now(_ last: Tensor, _ earlier: Tensor?) -> Tensor {
        guard let earlier else { return last.lastRows(rows) }
        return last.extrapolated(from: earlier, by: factor, lastRows: rows)
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
            keep(
                .convolution(
                    inputs, windows,
                    windows.map { x.cropped(rows: $0.source.rows, columns: $0.source.columns) }))
            return whole(residual.take())
        }
        guard case (.convolution(let inputs, let windows, var crops), let before) = next() else {
            preconditionFailure("not the same steps")
        }
        let earlier: [Tensor]? =
            if case .convolution(_, _, let crops) = before { crops } else { nil }
        for index in crops.indices { crops[index] = now(crops[index], earlier?[index]) }
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
