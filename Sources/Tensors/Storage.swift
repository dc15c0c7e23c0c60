import CKernels

/// Floats on the heap, aligned for the widest vectors, uninitialised at first.
final class Storage: @unchecked Sendable {
    let floats: UnsafeMutableBufferPointer<Float>

    init(count: Int) {
        let bytes: UnsafeMutableRawPointer = gesso_allocate(count * MemoryLayout<Float>.stride)
        let start = bytes.bindMemory(to: Float.self, capacity: max(count, 1))
        floats = UnsafeMutableBufferPointer(start: start, count: count)
    }

    deinit {
        gesso_release(floats.baseAddress, floats.count * MemoryLayout<Float>.stride)
    }
}
