/// Independent seeds from one number and a place in a tree: NumPy's `SeedSequence`, after O'Neill's
/// `seed_seq_fe` (2015), word for word.
struct SeedSequence {
    private var pool: [UInt32]

    /// - Parameters:
    ///   - entropy: the number that all seeds grow from.
    ///   - spawnKey: the place; empty for the root.
    ///   - poolSize: words that are mixed with each other.
    init(entropy: UInt64, spawnKey: [UInt64] = [], poolSize: Int) {
        var words = Self.words(of: entropy)
        if !spawnKey.isEmpty {
            words += Array(repeating: 0, count: max(poolSize - words.count, 0))
            words += spawnKey.flatMap(Self.words)
        }
        var hash = Hash(state: 0x43B0_D7E5, multiplier: 0x931E_8875)
        pool = (0..<poolSize).map { hash($0 < words.count ? words[$0] : 0) }
        for source in 0..<poolSize {
            for target in 0..<poolSize where target != source {
                pool[target] = Self.mixed(pool[target], hash(pool[source]))
            }
        }
        for word in words.dropFirst(poolSize) {
            for target in 0..<poolSize { pool[target] = Self.mixed(pool[target], hash(word)) }
        }
    }

    /// The first seeds.
    func state(_ count: Int) -> [UInt32] {
        var hash = Hash(state: 0x8B51_F9DD, multiplier: 0x58F3_8DED)
        return (0..<count).map { hash(pool[$0 % pool.count]) }
    }

    /// 32 bits each, the lowest first; one word for 0.
    private static func words(of number: UInt64) -> [UInt32] {
        let low = UInt32(truncatingIfNeeded: number)
        let high = UInt32(truncatingIfNeeded: number >> 32)
        return high == 0 ? [low] : [low, high]
    }

    private static func mixed(_ x: UInt32, _ y: UInt32) -> UInt32 {
        let mixed = 0xCA01_F9DD &* x &- 0x4973_F715 &* y
        return mixed ^ mixed >> 16
    }

    /// A hash whose constant changes with each word.
    private struct Hash {
        var state: UInt32
        let multiplier: UInt32

        mutating func callAsFunction(_ word: UInt32) -> UInt32 {
            let before = word ^ state
            state = state &* multiplier
            let hashed = before &* state
            return hashed ^ hashed >> 16
        }
    }
}
