import Glibc

/// The kernels of ``Image/resized(width:height:filter:)``.
public enum ResamplingFilter: String, CaseIterable, Sendable {
    case nearest, box, bilinear, bicubic, lanczos

    /// How far the kernel reaches, in source pixels when enlarging.
    fileprivate var support: Double {
        switch self {
        case .nearest, .box: 0.5
        case .bilinear: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The kernel at a distance from its centre. Bicubic is Keys' (1981) with a = -1/2, Lanczos the
    /// sinc windowed by its own first three lobes (Duchon 1979).
    fileprivate func weight(at x: Double) -> Double {
        let distance = abs(x)
        switch self {
        case .nearest, .box: return x > -0.5 && x <= 0.5 ? 1 : 0
        case .bilinear: return max(0, 1 - distance)
        case .bicubic:
            if distance < 1 { return (1.5 * distance - 2.5) * distance * distance + 1 }
            return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * -0.5 : 0
        case .lanczos: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0
        }
    }
}

private func sinc(_ x: Double) -> Double {
    x == 0 ? 1 : sin(x * .pi) / (x * .pi)
}

extension Image {
    /// The picture at another size; the kernel widens when shrinking, so nothing is skipped.
    ///
    /// With 8 bits this gives Pillow's `Image.resize` byte for byte: two passes in fixed point with
    /// 22 fraction bits, bytes between them, and colours premultiplied by alpha. With 16 bits the
    /// same is done in 32-bit floating point. Metadata is kept.
    ///
    /// - Parameter part: what of the new picture is wanted; nil is all of it.
    public func resized(
        width newWidth: Int, height newHeight: Int, filter: ResamplingFilter = .lanczos,
        part: Box? = nil
    ) -> Image {
        precondition(newWidth > 0 && newHeight > 0)
        let part = part ?? Box(x: 0, y: 0, width: newWidth, height: newHeight)
        if newWidth == width && newHeight == height { return cropped(to: part) }
        let size = Resizing(width: newWidth, height: newHeight, part: part)
        let resized: [UInt16]
        if filter == .nearest {
            resized = nearest(size)
        } else if depth == 8 {
            let plane = Plane(width: width, height: height, channels: channels, values: samples)
            resized =
                plane.premultiplied(hasAlpha).resized(size, filter, FixedPoint.self)
                .unpremultiplied(hasAlpha).values
        } else {
            let plane = Plane(
                width: width, height: height, channels: channels, values: samples.map(Float.init))
            resized =
                plane.premultiplied(hasAlpha).resized(size, filter, FloatingPoint.self)
                .unpremultiplied(hasAlpha).values
                .map { UInt16(min(max($0, 0), 65535).rounded()) }
        }
        return Image(
            width: part.width, height: part.height, channels: channels, depth: depth,
            samples: resized, metadata: metadata)
    }

    private func nearest(_ new: Resizing) -> [UInt16] {
        // Pillow adds up the steps, which rounds differently than multiplying.
        func positions(from size: Int, to newSize: Int, _ wanted: Range<Int>) -> [Int] {
            let step = Double(size) / Double(newSize)
            var position = step * 0.5
            for _ in 0..<wanted.lowerBound { position += step }
            return wanted.map { _ in
                defer { position += step }
                return min(Int(position), size - 1)
            }
        }
        let columns = positions(from: width, to: new.width, new.columns)
        return positions(from: height, to: new.height, new.rows).flatMap { y in
            columns.flatMap { x in self[x: x, y: y] }
        }
    }
}

/// A new size, and what of it is wanted.
private struct Resizing {
    let width: Int
    let height: Int
    let columns: Range<Int>
    let rows: Range<Int>

    init(width: Int, height: Int, part: Box) {
        (self.width, self.height) = (width, height)
        (columns, rows) = (part.x..<part.end.x, part.y..<part.end.y)
        precondition(columns.upperBound <= width && rows.upperBound <= height)
    }
}

extension Mask {
    /// The mask at another size; as a grey picture of Pillow's would be.
    public func resized(
        width newWidth: Int, height newHeight: Int, filter: ResamplingFilter = .lanczos
    ) -> Mask {
        let resized = image.resized(width: newWidth, height: newHeight, filter: filter)
        return Mask(
            width: newWidth, height: newHeight,
            values: resized.samples.map { UInt8(truncatingIfNeeded: $0) })
    }
}

/// How weighted sums are taken.
private protocol Arithmetic {
    associatedtype Value
    associatedtype Weight
    static func weight(_ exact: Double) -> Weight
    static var start: Weight { get }
    static func add(_ sum: Weight, _ value: Value, _ weight: Weight) -> Weight
    static func finish(_ sum: Weight) -> Value
}

/// Bytes times weights with 22 fraction bits, as Pillow does: 8 bits for the value and 2 for
/// overshoot stay within 32.
private enum FixedPoint: Arithmetic {
    static let fraction: Int32 = 22

    static func weight(_ exact: Double) -> Int32 {
        let scaled = exact * Double(1 << fraction)
        return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
    }
    static var start: Int32 { 1 << (fraction - 1) }
    @inline(__always)
    static func add(_ sum: Int32, _ value: UInt16, _ weight: Int32) -> Int32 {
        sum &+ Int32(truncatingIfNeeded: value) &* weight
    }
    @inline(__always)
    static func finish(_ sum: Int32) -> UInt16 {
        UInt16(truncatingIfNeeded: min(max(sum >> fraction, 0), 255))
    }
}

private enum FloatingPoint: Arithmetic {
    static func weight(_ exact: Double) -> Float { Float(exact) }
    static var start: Float { 0 }
    @inline(__always)
    static func add(_ sum: Float, _ value: Float, _ weight: Float) -> Float { sum + value * weight }
    @inline(__always)
    static func finish(_ sum: Float) -> Float { sum }
}

/// For every new position: which old ones it takes, with which weights.
private struct Weights<Weight> {
    var starts: [Int] = []
    /// Those of all positions, one after the other.
    var values: [Weight] = []
    /// Where those of each position end.
    private var ends: [Int] = []

    /// Where the weights of a position are.
    @inline(__always)
    func range(_ position: Int) -> Range<Int> {
        (position == 0 ? 0 : ends[position - 1])..<ends[position]
    }

    init<Kind: Arithmetic>(
        from size: Int, to newSize: Int, _ positions: Range<Int>, _ filter: ResamplingFilter,
        _: Kind.Type
    ) where Kind.Weight == Weight {
        let scale = Double(size) / Double(newSize)
        let widening = max(scale, 1)
        let support = filter.support * widening
        for position in positions {
            let center = (Double(position) + 0.5) * scale
            let start = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), size)
            let exact = (start..<end).map {
                filter.weight(at: (Double($0) - center + 0.5) * (1 / widening))
            }
            let sum = exact.reduce(0, +)
            starts.append(start)
            values += exact.map { Kind.weight(sum == 0 ? $0 : $0 / sum) }
            ends.append(values.count)
        }
    }

    /// Counts old positions from the first one that is taken.
    ///
    /// - Returns: those that are taken.
    mutating func rebased() -> Range<Int> {
        let first = starts.min() ?? 0
        let last = starts.indices.map { starts[$0] + range($0).count }.max() ?? first
        for index in starts.indices { starts[index] -= first }
        return first..<last
    }
}

/// Samples on their way through the two passes.
private struct Plane<Value> {
    let width: Int
    let height: Int
    let channels: Int
    var values: [Value]

    /// Across and then down, unless the height loses more than twice what the width does: this is
    /// the order of Pillow 13, found by comparing some thousand sizes.
    func resized<Kind: Arithmetic>(
        _ new: Resizing, _ filter: ResamplingFilter, _: Kind.Type
    ) -> Plane where Kind.Value == Value {
        var rows =
            new.height == height
            ? nil : Weights(from: height, to: new.height, new.rows, filter, Kind.self)
        var columns =
            new.width == width
            ? nil : Weights(from: width, to: new.width, new.columns, filter, Kind.self)
        // Of what the wanted part does not take nothing is made.
        let taken = cropped(rows: rows?.rebased() ?? new.rows)
            .cropped(columns: columns?.rebased() ?? new.columns)
        func across(_ plane: Plane) -> Plane {
            columns.map { plane.scaledAcross($0, Kind.self) } ?? plane
        }
        func down(_ plane: Plane) -> Plane {
            rows.map { plane.scaledDown($0, Kind.self) } ?? plane
        }
        let lost = height - new.height
        return lost > 0 && lost > 2 * (width - new.width)
            ? across(down(taken)) : down(across(taken))
    }

    private func cropped(rows: Range<Int>) -> Plane {
        if rows == 0..<height { return self }
        let length = width * channels
        return Plane(
            width: width, height: rows.count, channels: channels,
            values: Array(values[rows.lowerBound * length..<rows.upperBound * length]))
    }

    private func cropped(columns: Range<Int>) -> Plane {
        if columns == 0..<width { return self }
        return Plane(
            width: columns.count, height: height, channels: channels,
            values: (0..<height).flatMap { (y: Int) -> ArraySlice<Value> in
                let start = (y * width + columns.lowerBound) * channels
                return values[start..<start + columns.count * channels]
            })
    }

    private func scaledAcross<Kind: Arithmetic>(
        _ weights: Weights<Kind.Weight>, _: Kind.Type
    ) -> Plane where Kind.Value == Value {
        let (newWidth, width, channels) = (weights.starts.count, width, channels)
        let scaled = values.withUnsafeBufferPointer { source in
            nonisolated(unsafe) let source = source
            return [Value].rows(height, of: newWidth * channels) { rows, scaled in
                for y in rows {
                    for x in 0..<newWidth {
                        let start = (y * width + weights.starts[x]) * channels
                        let own = weights.range(x)
                        for c in 0..<channels {
                            var sum = Kind.start
                            var place = start + c
                            for k in own {
                                sum = Kind.add(sum, source[place], weights.values[k])
                                place += channels
                            }
                            scaled[(y * newWidth + x) * channels + c] = Kind.finish(sum)
                        }
                    }
                }
            }
        }
        return Plane(width: newWidth, height: height, channels: channels, values: scaled)
    }

    private func scaledDown<Kind: Arithmetic>(
        _ weights: Weights<Kind.Weight>, _: Kind.Type
    ) -> Plane where Kind.Value == Value {
        let newHeight = weights.starts.count
        let rowLength = width * channels
        let scaled = values.withUnsafeBufferPointer { source in
            nonisolated(unsafe) let source = source
            return [Value].rows(newHeight, of: rowLength) { rows, scaled in
                var sums = [Kind.Weight](repeating: Kind.start, count: rowLength)
                for y in rows {
                    for i in 0..<rowLength { sums[i] = Kind.start }
                    for (k, place) in weights.range(y).enumerated() {
                        let start = (weights.starts[y] + k) * rowLength
                        let weight = weights.values[place]
                        for i in 0..<rowLength {
                            sums[i] = Kind.add(sums[i], source[start + i], weight)
                        }
                    }
                    for i in 0..<rowLength { scaled[y * rowLength + i] = Kind.finish(sums[i]) }
                }
            }
        }
        return Plane(width: width, height: newHeight, channels: channels, values: scaled)
    }

    /// Each colour of each pixel, combined with that pixel's alpha.
    func mappingColors(_ combine: (_ color: Value, _ alpha: Value) -> Value) -> Plane {
        var plane = self
        for pixel in stride(from: 0, to: values.count, by: channels) {
            let alpha = values[pixel + channels - 1]
            for c in pixel..<pixel + channels - 1 { plane.values[c] = combine(values[c], alpha) }
        }
        return plane
    }
}

extension Plane<UInt16> {
    func premultiplied(_ hasAlpha: Bool) -> Plane {
        guard hasAlpha else { return self }
        return mappingColors { color, alpha in
            let scaled = UInt32(color) * UInt32(alpha) + 128
            return UInt16(((scaled >> 8) + scaled) >> 8)
        }
    }

    func unpremultiplied(_ hasAlpha: Bool) -> Plane {
        guard hasAlpha else { return self }
        return mappingColors { color, alpha in
            alpha == 0 ? color : UInt16(min(255 * UInt32(color) / UInt32(alpha), 255))
        }
    }
}

extension Plane<Float> {
    func premultiplied(_ hasAlpha: Bool) -> Plane {
        hasAlpha ? mappingColors { $0 * $1 / 65535 } : self
    }

    func unpremultiplied(_ hasAlpha: Bool) -> Plane {
        hasAlpha ? mappingColors { $1 <= 0 ? $0 : $0 * 65535 / $1 } : self
    }
}
