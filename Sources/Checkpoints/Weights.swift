import Files
import Synchronization
public import Tensors

/// The named tensors of one network, seen from one place in it.
///
/// Paths mirror the checkpoint: `weights["down_blocks"][0]["resnets"][1]` sees the tensors whose names
/// begin with `down_blocks.0.resnets.1.`. All scopes of a network share one book of what was taken, so
/// that `requireAllUsed()` can tell what is left over.
public struct Weights: Sendable {
    /// where this scope stands; empty at the root
    public let path: String
    /// What products with the layers below this scope are computed in.
    public private(set) var arithmetic = Arithmetic.exact
    private let book: Book

    /// The root scope over the tensors of one or more files.
    /// - Parameters:
    ///   - entries: the tensors by full name.
    ///   - file: what to call their origin in errors: the path of the file.
    public init(_ entries: [String: Safetensors.Entry], file: String) {
        self.init(entries, file: file) { $0 }
    }

    /// The same.
    /// - Parameter fileName: what the file calls a tensor of a name, for errors about those that it lacks.
    init(
        _ entries: [String: Safetensors.Entry], file: String,
        fileName: @escaping @Sendable (String) -> String
    ) {
        path = ""
        book = Book(ScaledNumbers.applied(to: entries), file: file, fileName: fileName)
    }

    /// The root scope over one file.
    public init(_ file: Safetensors) {
        self.init(file.entries.dictionary, file: file.path)
    }

    /// The root scope over the same tensors, for a survey: what is missing or has another shape is noted,
    /// and zeros are given in its stead; nothing is said of what is left over.
    public func surveyed() -> Weights {
        Weights(
            path: "",
            book: Book(book.entries, file: book.file, fileName: book.fileName, isSurvey: true))
    }

    /// What a survey found amiss, by full name and sorted.
    public var flaws: Flaws { book.flaws }

    /// What is amiss with the tensors of a network.
    public struct Flaws: Sendable, Equatable {
        /// that the network needs and there is not
        public var missing: [String] = []
        /// that have another shape than the network needs
        public var misshapen: [String] = []
        /// whose numbers are of a type that is not computed with
        public var unsupported: [String] = []
        /// that hold NaN or infinity
        public var nonFinite: [String] = []
    }

    private init(path: String, book: Book) {
        self.path = path
        self.book = book
    }

    /// The root scope over the same tensors, some of them with changes added when they are taken.
    func adding(_ changes: [String: [any WeightChange]]) -> Weights {
        Weights(
            path: "",
            book: Book(book.entries, file: book.file, fileName: book.fileName, changes: changes))
    }

    /// The root scope over a part of the same tensors and others in the place of some or beside them, with
    /// changes added to those that were added already.
    ///
    /// - Parameters:
    ///   - own: the other tensors, by full name.
    ///   - file: what to call their origin in errors.
    ///   - isKept: whether a tensor is of the part.
    func overlaid(
        by own: [String: Safetensors.Entry], adding changes: [String: [any WeightChange]],
        file: String, keeping isKept: (String) -> Bool
    ) -> Weights {
        let entries = book.entries.filter { isKept($0.key) }.merging(own) { $1 }
        let kept = book.changes.filter { isKept($0.key) && own[$0.key] == nil }
        let asItIs: @Sendable (String) -> String = { $0 }
        return Weights(
            path: "",
            book: Book(
                entries, file: file, fileName: file == book.file ? book.fileName : asItIs,
                changes: kept.merging(changes) { $0 + $1 }))
    }

    /// The shapes by full name, in the whole network.
    package var shapes: [String: [Int]] { book.entries.mapValues(\.shape) }

    /// The type of a tensor by its full name; nil where it is missing or of a type that is not computed with.
    package func dataType(_ name: String) -> DataType? {
        book.entries[name].flatMap { DataType(rawValue: $0.dataType) }
    }

    /// The scope one name further in.
    public subscript(name: String) -> Weights {
        var scope = Weights(path: full(name), book: book)
        scope.arithmetic = arithmetic
        return scope
    }

    /// The same scope for layers that compute in another way.
    public func computed(in arithmetic: Arithmetic) -> Weights {
        var scope = self
        scope.arithmetic = arithmetic
        return scope
    }

    /// The scope of the `index`-th element of a list.
    public subscript(index: Int) -> Weights {
        self[String(index)]
    }

    /// Whether this scope has a tensor of that name, or anything below that name.
    public func contains(_ name: String) -> Bool {
        let name = full(name)
        return book.entries[name] != nil || book.scopes.contains(name)
    }

    /// The shape of the tensor of that name; nil when there is none.
    public func shape(_ name: String) -> [Int]? {
        book.entries[full(name)]?.shape
    }

    /// The tensor of that name, as stored, marked as used.
    ///
    /// - Parameter shape: the shape the network needs, outermost extent first.
    /// - Throws: `CheckpointError.missingTensor`, `.wrongShape`, `.unsupportedDataType` or
    ///   `.nonFiniteValues`, each with the full name.
    public func tensor(_ name: String, shape: [Int]) throws -> StoredTensor {
        try tensor(name, shapes: [shape])
    }

    /// The same for a tensor that files write in several shapes; the first is the one errors ask for.
    ///
    /// What LoRAs add to it is in it, and its numbers are of 32 bits then.
    public func tensor(_ name: String, shapes: [[Int]]) throws -> StoredTensor {
        try merged(taken(name, shapes), name)
    }

    /// The tensor of that name for a layer that can compute what LoRAs add by itself.
    ///
    /// - Returns: the tensor as stored with the LoRAs' factors, or with nil where there are none or where
    ///   they are in the tensor already, because that takes no more memory.
    public func adapted(
        _ name: String, shapes: [[Int]]
    ) throws -> (weight: StoredTensor, factors: LowRankFactors?) {
        let stored = try taken(name, shapes)
        guard let changes = book.changes[full(name)],
            let products = LowRankFactors.saving(changes, stored)
        else { return (try merged(stored, name), nil) }
        let factors = LowRankFactors(products, shape: stored.shape)
        guard factors.areFinite else { throw book.overflow(full(name)) }
        return (stored, factors)
    }

    /// The tensor as stored, checked and marked as used.
    private func taken(_ name: String, _ shapes: [[Int]]) throws -> StoredTensor {
        let name = full(name)
        if book.isSurvey, let substitute = try book.substitute(for: name, shapes) {
            return substitute
        }
        guard let entry = book.entries[name] else { throw book.missing(name) }
        guard shapes.contains(entry.shape) else {
            throw CheckpointError.wrongShape(
                path: entry.path, tensor: entry.name, expected: shapes[0], found: entry.shape)
        }
        guard let stored = entry.stored else {
            throw CheckpointError.unsupportedDataType(
                path: entry.path, tensor: entry.name, found: entry.dataType)
        }
        guard !stored.hasNonFiniteValues else {
            throw CheckpointError.nonFiniteValues(path: entry.path, tensor: entry.name)
        }
        book.use(name, entry)
        return stored
    }

    /// The tensor with what is to be added.
    private func merged(_ stored: StoredTensor, _ name: String) throws -> StoredTensor {
        guard let changes = book.changes[full(name)] else { return stored }
        let sum = StoredTensor(changes.applied(to: stored))
        guard !sum.hasNonFiniteValues else { throw book.overflow(full(name)) }
        return sum
    }

    /// The names, full and sorted, of what no one has taken yet, in the whole network.
    public var unusedNames: [String] { book.unused }

    /// The tensors by full name, in the whole network.
    var entries: [String: Safetensors.Entry] { book.entries }

    /// How many tensors there are in the whole network.
    public var count: Int { book.entries.count }

    /// Bytes of all tensors of the network, as they lie in the file, and of what LoRAs add.
    public var byteCount: Int {
        book.entries.values.reduce(0) { $0 + $1.bytes.count }
            + book.changes.reduce(0) { sum, change in
                guard let stored = book.entries[change.key]?.stored else { return sum }
                return sum + LowRankFactors.growth(change.value, stored)
            }
    }

    /// How many numbers there are of each data type, in the whole network.
    public var parameterCounts: [String: Int] {
        book.entries.values.reduce(into: [:]) { counts, entry in
            counts[entry.dataType, default: 0] += entry.shape.reduce(1, *)
        }
    }

    /// Closes the book once a network is built.
    ///
    /// Tensors without numbers and counts, such as of steps, may be left over, too.
    ///
    /// - Parameters:
    ///   - ignoring: last parts of names that may be left over, such as buffers that are not weights.
    ///   - scopes: first parts of names that may be left over.
    ///   - isTrained: whether no layers one after another may be zero, as they are where training began.
    /// - Throws: `CheckpointError.unusedTensors` when the file holds more than the network took,
    ///   `.allZero` when all it took is zero, and `.gap` when several layers in a row are.
    public func requireAllUsed(
        ignoring: Set<String> = [], below scopes: Set<String> = [], isTrained: Bool = true
    ) throws {
        let unused = book.unused.filter { name in
            let parts = name.split(separator: ".").map(String.init)
            return !ignoring.contains(parts.last ?? name) && !scopes.contains(parts.first ?? name)
        }
        if book.isSurvey { return book.ignoreAll(but: unused) }
        if let first = unused.first {
            throw CheckpointError.unusedTensors(
                path: book.file, first: first, count: unused.count,
                guess: book.guess.flatMap { KnownContents.isUsual($0) ? nil : $0 })
        }
        guard book.sawValues else { throw CheckpointError.allZero(path: book.file) }
        if isTrained, let gap = book.gap { throw gap }
    }

    private func full(_ name: String) -> String {
        path.isEmpty ? name : path + "." + name
    }
}

/// What there is and what was taken of it.
private final class Book: Sendable {
    let file: String
    /// what the file calls a tensor
    let fileName: @Sendable (String) -> String
    let entries: [String: Safetensors.Entry]
    /// every proper prefix of a name
    let scopes: Set<String>
    /// what is added to a tensor when it is taken
    let changes: [String: [any WeightChange]]
    let isSurvey: Bool
    /// How many a survey finds in all tensors.
    private let numbers: Int
    private let state = Mutex(State())

    private struct State {
        var used: Set<String> = []
        var sawValues = false
        /// Those that were used and hold zeros alone.
        var zeros: Set<String> = []
        var last: Safetensors.Entry?
        var flaws = Weights.Flaws()
        /// Zeros that a survey has made up.
        var madeUp = 0.0
    }

    init(
        _ entries: [String: Safetensors.Entry], file: String,
        fileName: @escaping @Sendable (String) -> String,
        changes: [String: [any WeightChange]] = [:], isSurvey: Bool = false
    ) {
        (self.isSurvey, self.fileName) = (isSurvey, fileName)
        self.entries = entries
        numbers = isSurvey ? entries.values.reduce(0) { $0 + $1.shape.reduce(1, *) } : 0
        self.file = file
        self.changes = changes
        var scopes: Set<String> = []
        for name in entries.keys {
            var scope = name[...]
            while let dot = scope.lastIndex(of: "."), scopes.insert(String(scope[..<dot])).inserted
            {
                scope = scope[..<dot]
            }
        }
        self.scopes = scopes
    }

    /// Notes that a tensor is taken. The one taken before has found its place in the network by now;
    /// without letting go of it, loading would take twice the memory.
    func use(_ name: String, _ entry: Safetensors.Entry) {
        let isZero = !entry.bytes.contains { $0 != 0 }
        state.withLock {
            $0.used.insert(name)
            if isZero { $0.zeros.insert(name) } else { $0.sawValues = true }
            $0.last.map { $0.file.release($0.range) }
            $0.last = entry
        }
    }

    var unused: [String] {
        let used = state.withLock { $0.used }
        return entries.filter { !used.contains($0.key) && !$0.value.isCount }.keys.sorted()
    }

    /// Counts what may be left over as used.
    func ignoreAll(but names: [String]) {
        state.withLock { $0.used.formUnion(Set(entries.keys).subtracting(names)) }
    }

    /// The zeros that a survey makes up where there are fewer numbers.
    private static let leastZeros = 1 << 24

    /// Zeros for a tensor with a flaw, which is noted; nil for a good one.
    ///
    /// - Throws: the flaw of a tensor that is missing or misshapen, where all zeros would be more than the
    ///   numbers that there are: a configuration of a few bytes can ask for any.
    func substitute(for name: String, _ shapes: [[Int]]) throws -> StoredTensor? {
        let entry = entries[name]
        let flaw: WritableKeyPath<Weights.Flaws, [String]>? =
            switch entry {
            case nil: \.missing
            case let entry? where !shapes.contains(entry.shape): \.misshapen
            case let entry? where !ConvertedNumbers.areKnown(entry.dataType): \.unsupported
            case let entry? where entry.stored?.hasNonFiniteValues == true: \.nonFinite
            default: nil
            }
        guard let flaw else { return nil }
        let madeUp = state.withLock {
            $0.used.insert(name)
            $0.flaws[keyPath: flaw].append(name)
            $0.madeUp += shapes[0].reduce(1.0) { $0 * Double($1) }
            return $0.madeUp
        }
        guard madeUp <= Double(max(numbers, Self.leastZeros)) else {
            guard let entry else { throw missing(name) }
            throw CheckpointError.wrongShape(
                path: entry.path, tensor: entry.name, expected: shapes[0], found: entry.shape)
        }
        return StoredTensor(Tensor(zeros: shapes[0]))
    }

    var flaws: Weights.Flaws {
        var flaws = state.withLock { $0.flaws }
        flaws.missing.sort()
        flaws.misshapen.sort()
        flaws.unsupported.sort()
        flaws.nonFinite.sort()
        return flaws
    }

    var sawValues: Bool { state.withLock { $0.sawValues } }

    /// What is wrong with a file where at least this many matrices one after another hold zeros alone: a
    /// download that made room for all and did not get all; nil where there is nothing.
    var gap: CheckpointError? {
        let least = 3
        let zeros = state.withLock { $0.zeros }
        guard zeros.count >= least else { return nil }
        let matrices = entries.filter { $0.value.shape.count > 1 }.sorted {
            ($0.value.path, $0.value.range.lowerBound) < ($1.value.path, $1.value.range.lowerBound)
        }
        var run: [Safetensors.Entry] = []
        for (name, entry) in matrices {
            let goesOn = zeros.contains(name) && (run.last.map { $0.path == entry.path } ?? true)
            if !goesOn, run.count >= least { break }
            if goesOn { run.append(entry) } else { run = [] }
        }
        guard run.count >= least else { return nil }
        return .gap(path: run[0].path, first: run[0].name, count: run.count)
    }

    var guess: String? { KnownContents.guess(Array(entries.keys)) { entries[$0]?.shape } }

    func overflow(_ name: String) -> CheckpointError {
        .overflow(path: entries[name]?.path ?? file, tensor: entries[name]?.name ?? name)
    }

    func missing(_ name: String) -> CheckpointError {
        .missingTensor(
            path: file, tensor: fileName(name), first: entries.values.map(\.name).min(),
            count: entries.count, guess: guess)
    }
}
