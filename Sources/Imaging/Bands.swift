import CCodecs
import Tensors

/// The rows of a picture in bands, which threads share out. Where the bands begin depends on the number of
/// rows alone, so what is added up band by band does not depend on the number of threads.
enum Bands {
    /// Calls `body` with the rows of every band.
    static func forEach(of rows: Int, height: Int = 32, _ body: (_ rows: Range<Int>) -> Void) {
        ThreadPool.forEach((rows + height - 1) / height) { band in
            body(band * height..<min((band + 1) * height, rows))
        }
    }

    /// What `body` makes of the rows of every band, from the top.
    static func map<Result>(
        of rows: Int, height: Int = 32, _ body: (_ rows: Range<Int>) -> Result
    ) -> [Result] {
        let count = (rows + height - 1) / height
        return [Result](unsafeUninitializedCapacity: count) { results, initialized in
            nonisolated(unsafe) let results = results
            forEach(of: rows, height: height) { rows in
                results.initializeElement(at: rows.lowerBound / height, to: body(rows))
            }
            initialized = count
        }
    }
}

extension Array {
    /// An array that `fill` makes band by band of `rows` rows of `length` values each: it sets every value of
    /// the rows that it is given.
    static func rows(
        _ rows: Int, of length: Int,
        _ fill: (_ rows: Range<Int>, UnsafeMutableBufferPointer<Element>) -> Void
    ) -> [Element] {
        Array(count: rows * length) { buffer in
            nonisolated(unsafe) let buffer = buffer
            Bands.forEach(of: rows) { fill($0, buffer) }
        }
    }
}

extension Array {
    /// An array of so many values, all of which `fill` sets, in large pages where the system has them: most of
    /// the time that a large picture takes goes into getting memory page by page.
    init(
        count: Int, filling fill: (UnsafeMutableBufferPointer<Element>) throws -> Void
    ) rethrows {
        self = try Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            codec_use_large_pages(buffer.baseAddress, count * MemoryLayout<Element>.stride)
            try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }
}
