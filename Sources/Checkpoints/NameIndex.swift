/// Finds the place of a name in a list by its bytes, as `ExactText` compares them.
///
/// A table with open addressing (Knuth 1973, 6.4) of places alone: the names stay in their list, and a
/// dictionary's copies of them would take most of the time of reading a file of many tensors.
struct NameIndex: Sendable {
    /// Places in the list; -1 is free. Their number is a power of two, at most two thirds are taken.
    private var slots: [Int32]
    /// The hash of each name of the list, so that a table that grows reads no name again.
    private var hashes: [UInt32] = []

    /// - Parameter count: how many names to expect.
    init(expecting count: Int = 0) {
        var size = 16
        while size * 2 < count * 3 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        hashes.reserveCapacity(count)
    }

    /// Adds the next name, which is about to become the last of the list.
    ///
    /// - Returns: false, with nothing changed, for a name that is in the list.
    mutating func add(_ name: String, to names: [String]) -> Bool {
        let hash = Self.hash(name)
        let slot = slot(of: name, hash, in: names)
        guard slots[slot] < 0 else { return false }
        slots[slot] = Int32(truncatingIfNeeded: hashes.count)
        hashes.append(hash)
        if hashes.count * 3 > slots.count * 2 { grow() }
        return true
    }

    /// The place of a name; nil if it is not in the list.
    func place(of name: String, in names: [String]) -> Int? {
        let place = slots[slot(of: name, Self.hash(name), in: names)]
        return place < 0 ? nil : Int(place)
    }

    /// The slot that has the name, or the free one where it would be.
    private func slot(of name: String, _ hash: UInt32, in names: [String]) -> Int {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if hashes[place] == hash, ExactText(names[place]) == ExactText(name) { break }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: 2 * slots.count)
        for (place, hash) in hashes.enumerated() {
            var slot = Int(hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(truncatingIfNeeded: place)
        }
    }

    /// Seeded for each run, so that nobody can write names that share a hash.
    private static func hash(_ name: String) -> UInt32 {
        var hasher = Hasher()
        ExactText(name).hash(into: &hasher)
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }
}
