import CKernels

/// Pixels of zeros around a picture.
public struct Padding: Sendable, Equatable {
    /// Rows above.
    public var top: Int
    /// Columns to the left.
    public var left: Int
    /// Rows below.
    public var bottom: Int
    /// Columns to the right.
    public var right: Int

    /// Padding of those widths.
    public init(top: Int, left: Int, bottom: Int, right: Int) {
        self.top = top
        self.left = left
        self.bottom = bottom
        self.right = right
    }

    /// No padding.
    public static let zero = Padding.all(0)

    /// The same on every side.
    public static func all(_ width: Int) -> Padding {
        Padding(top: width, left: width, bottom: width, right: width)
    }
}

/// What is done to a picture before a convolution reads it; made a few lines at a time and never stored as a
/// whole where the convolution allows.
public struct Prologue: Sendable {
    /// The height and width that pixels are repeated to fill, place y taking its values from ⌊y · H / height⌋.
    public var size: (height: Int, width: Int)?
    /// A scale and a shift of each channel, [N,2,C], as `groupScales` gives them.
    public var scales: Tensor?
    /// Comes after `scales`, and without them does nothing.
    public var activation: Activation

    /// By default nothing happens.
    public init(
        size: (height: Int, width: Int)? = nil, scales: Tensor? = nil,
        activation: Activation = .none
    ) {
        self.size = size
        self.scales = scales
        self.activation = activation
    }
}

extension Tensor {
    /// A linear layer: [..., in] becomes [..., out], activation(x·Wᵀ + bias) + residual.
    ///
    /// - Parameters:
    ///   - bias: [out].
    ///   - residual: of the result's shape; its memory becomes the result's where nobody else has it.
    public func multiplied(
        by matrix: PackedMatrix, bias: Tensor? = nil, activation: Activation = .none,
        adding residual: consuming Tensor? = nil
    ) -> Tensor {
        precondition(shape.last == matrix.columns, "\(shape) does not end in \(matrix.columns)")
        let shape = shape.dropLast() + [matrix.rows]
        return withEpilogue(
            shape: Array(shape), bias: bias, rowBias: nil, activation: activation,
            residual: residual
        ) { x, y, epilogue in
            gesso_matmul(x, matrix.weights.handle, y, count / matrix.columns, epilogue)
        }
    }

    /// A linear layer and the gate of GEGLU (Shazeer 2020): of rows [a, b] = x·Wᵀ + bias, a · GELU(b);
    /// [..., in] becomes [..., out / 2].
    ///
    /// - Parameter bias: [out].
    public func gatedProduct(with matrix: PackedMatrix, bias: Tensor? = nil) -> Tensor {
        precondition(shape.last == matrix.columns, "\(shape) does not end in \(matrix.columns)")
        precondition(bias.map { $0.count == matrix.rows } ?? true, "bias is not [\(matrix.rows)]")
        let channels = matrix.rows / 2
        precondition(channels * 2 == matrix.rows, "\(matrix.rows) rows have no two halves")
        var isDone = false
        let result = withExtendedLifetime(bias) {
            withUnsafeBufferPointer { x in
                Tensor(shape: shape.dropLast() + [channels]) { y in
                    isDone = gesso_matmul_gated(
                        x.baseAddress, matrix.weights.handle, y.baseAddress,
                        count / matrix.columns, bias?.start)
                }
            }
        }
        return isDone ? result : multiplied(by: matrix, bias: bias).gegluGated()
    }

    /// A convolution: [N,H,W,in] becomes [N,H',W',out], with zeros outside of the picture.
    ///
    /// - Parameters:
    ///   - prologue: what becomes of this picture first.
    ///   - bias: [out].
    ///   - channelBias: [N,out], added to every pixel of a picture of the batch.
    ///   - residual: of the result's shape, added last; its memory becomes the result's where nobody else
    ///     has it.
    public func convolved(
        with filter: PackedFilter, after prologue: Prologue = Prologue(), bias: Tensor? = nil,
        stride: Int = 1, padding: Padding = .zero, channelBias: Tensor? = nil,
        adding residual: consuming Tensor? = nil
    ) -> Tensor {
        precondition(
            shape.count == 4 && shape[3] == filter.shape[1],
            "\(shape) is not [N,H,W,\(filter.shape[1])]")
        precondition(
            prologue.scales.map { $0.shape == [shape[0], 2, shape[3]] } ?? true,
            "scales do not fit \(shape)")
        let seen = prologue.size ?? (height: shape[1], width: shape[2])
        let height = (seen.height + padding.top + padding.bottom - filter.shape[2]) / stride + 1
        let width = (seen.width + padding.left + padding.right - filter.shape[3]) / stride + 1
        let kernel = gesso_convolution(
            batch: shape[0], height: seen.height, width: seen.width, channels: shape[3],
            out_height: height, out_width: width, out_channels: filter.shape[0],
            kernel_height: filter.shape[2], kernel_width: filter.shape[3], stride: stride,
            pad_top: padding.top, pad_left: padding.left)
        return withEpilogue(
            shape: [shape[0], height, width, filter.shape[0]], bias: bias, rowBias: channelBias,
            activation: .none, residual: residual
        ) { x, y, epilogue in
            let before = gesso_prologue(
                height: shape[1], width: shape[2], scales: prologue.scales?.start,
                activation: prologue.activation.kernel)
            withExtendedLifetime(prologue) {
                gesso_convolve(x, filter.weights.handle, y, kernel, before, epilogue)
            }
        }
    }

    /// Runs `product` with room for its result: the residual's, where nobody else has it.
    private func withEpilogue(
        shape: [Int], bias: Tensor?, rowBias: Tensor?, activation: Activation,
        residual: consuming Tensor?,
        _ product: (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, gesso_epilogue) -> Void
    ) -> Tensor {
        let channels = shape[shape.count - 1]
        precondition(bias.map { $0.count == channels } ?? true, "bias is not [\(channels)]")
        precondition(rowBias.map { $0.shape == [shape[0], channels] } ?? true)
        precondition(residual.map { $0.shape == shape } ?? true, "residual is not \(shape)")
        var added = residual.take()?.storage
        let room = isKnownUniquelyReferenced(&added) ? added : nil
        let result = Tensor(
            shape: shape, storage: room ?? Storage(count: shape.reduce(1, *)))
        withExtendedLifetime((bias, rowBias, added)) {
            withUnsafeBufferPointer { x in
                let epilogue = gesso_epilogue(
                    bias: bias?.start, row_bias: rowBias?.start,
                    rows_per_bias: max(result.count / channels / shape[0], 1),
                    activation: activation.kernel,
                    residual: UnsafePointer(added?.floats.baseAddress))
                product(x.baseAddress, result.storage.floats.baseAddress, epilogue)
            }
        }
        return result
    }

    /// The first value's place; good for as long as the tensor is kept.
    private var start: UnsafePointer<Float>? { UnsafePointer(storage.floats.baseAddress) }
}
