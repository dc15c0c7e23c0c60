import CKernels

/// Floats on the heap, aligned for the widest vectors, uninitialised at first.
final class Storage: @unchecked Sendable {
    let floats: UnsafeMutableBufferPointer<Float>

    init(count: Int) {
        guard let bytes = gesso_allocate(count * MemoryLayout<Float>.stride) else {
            preconditionFailure("no memory for \(count) floats")
        }
        let start = bytes.bindMemory(to: Float.self, capacity: max(count, 1))
        floats = UnsafeMutableBufferPointer(start: start, count: count)
    }

    deinit {
        gesso_release(floats.baseAddress, floats.count * MemoryLayout<Float>.stride)
    }
}
