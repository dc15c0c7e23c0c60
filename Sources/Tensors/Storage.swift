/// Floats on the heap, aligned for the widest vectors, uninitialised at first.
final class Storage: @unchecked Sendable {
    let floats: UnsafeMutableBufferPointer<Float>

    init(count: Int) {
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
        let start = bytes.bindMemory(to: Float.self, capacity: max(count, 1))
        floats = UnsafeMutableBufferPointer(start: start, count: count)
    }

    deinit {
        UnsafeMutableRawPointer(floats.baseAddress)?.deallocate()
    }
}
