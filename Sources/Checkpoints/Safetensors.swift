import Files
public import Foundation
public import Tensors

/// A safetensors file, mapped: its header is read and checked at once, its numbers stay on disk
/// until they are asked for.
public struct Safetensors: Sendable {
    /// A tensor of any type of the format.
    public struct Entry: Sendable {
        /// the format's word for the type: `F32`, `F16`, `I64`, …
        public let dataType: String
        /// extents, outermost first
        public let shape: [Int]
        let path: String
        /// what the file calls it
        let name: String
        let file: MappedFile
        /// where the numbers lie in the file
        let range: Range<Int>
        /// what becomes of the numbers when they are asked for
        var change: (@Sendable (StoredTensor) -> StoredTensor)?

        /// The tensor, when its type is one that Gesso computes with, or one whose numbers are converted to
        /// such a type.
        public var stored: StoredTensor? {
            let own = DataType(rawValue: dataType).map {
                StoredTensor(shape: shape, dataType: $0, bytes: bytes, owner: file)
            }
            guard let own = own ?? ConvertedNumbers.tensor(dataType, shape: shape, bytes) else {
                return nil
            }
            return change?(own) ?? own
        }

        /// The tensor, to be computed with.
        ///
        /// - Parameter path: what errors call the file.
        /// - Throws: `CheckpointError.unsupportedDataType` and `nonFiniteValues`.
        func checked(in path: String) throws -> StoredTensor {
            guard let stored else {
                throw CheckpointError.unsupportedDataType(
                    path: path, tensor: name, found: dataType)
            }
            guard !stored.hasNonFiniteValues else {
                throw CheckpointError.nonFiniteValues(path: path, tensor: name)
            }
            return stored
        }

        /// Its rows in `count` tensors of equal size; nil when they cannot be parted so.
        func rows(in count: Int) -> [Entry]? {
            guard let rows = shape.first, rows.isMultiple(of: count) else { return nil }
            let (shape, size) = ([rows / count] + shape.dropFirst(), range.count / count)
            return (0..<count).map { part in
                let start = range.lowerBound + part * size
                return Entry(
                    dataType: dataType, shape: shape, path: path, name: name, file: file,
                    range: start..<start + size)
            }
        }

        /// Whether it has no numbers, or one whole number: nothing that a network computes with.
        var isCount: Bool {
            let count = shape.reduce(1, *)
            return count == 0
                || count == 1 && ["U", "I", "B"].contains { dataType.hasPrefix($0) }
                    && dataType != "BF16"
        }

        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }
    }

    /// the path the file was opened by
    public let path: String
    /// free texts that the writer of the file left; show them escaped only
    public let metadata: [String: String]
    /// the tensors by name
    public let entries: TensorTable

    /// the tensors' names in the order of their data
    public var names: [String] { entries.keys }

    /// Maps the file and checks its header.
    /// - Throws: `CheckpointError.cannotRead`, `.foreign`, `.malformed` or `.unsupportedModel`.
    public init(contentsOf url: URL) throws {
        let path = url.path(percentEncoded: false)
        let file = try MappedFile(checkpoint: path)
        if let foreign = ForeignFile.recognized(in: file.bytes) {
            throw CheckpointError.foreign(
                path: path, what: foreign.what + ", not safetensors", hint: foreign.hint)
        }
        do {
            let (header, dataStart) = try Self.header(file.bytes)
            self.path = path
            metadata = header.metadata
            entries = TensorTable(header, path: path, file: file, dataStart: dataStart)
            try UnsupportedKind.refuseQuantized(header.names, path: path)
        } catch let fault as HeaderCursor.Fault {
            throw CheckpointError.malformed(
                path: path, format: "safetensors", reason: fault.reason)
        }
    }

    /// The tensor of that name; nil when there is none or its type is no float.
    public subscript(name: String) -> StoredTensor? {
        entries[name]?.stored
    }

    /// The header, after its length (64 bits, little-endian), and where the data begin.
    private static func header(
        _ bytes: UnsafeRawBufferPointer
    ) throws -> (SafetensorsHeader, dataStart: Int) {
        let prefix = MemoryLayout<UInt64>.size
        guard bytes.count >= prefix else {
            let size = bytes.isEmpty ? "the file is empty" : "it has only \(bytes.count) bytes"
            throw HeaderCursor.Fault(reason: size)
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(SafetensorsHeader.longestHeader) else {
            throw HeaderCursor.Fault(
                reason: "header of \(length) bytes is over the limit of 32 MiB")
        }
        let dataStart = prefix + Int(length)
        guard dataStart <= bytes.count else {
            throw HeaderCursor.Fault(
                reason: "header of \(length) bytes in a file of \(bytes.count); it is cut short")
        }
        let json = UnsafeRawBufferPointer(rebasing: bytes[prefix..<dataStart])
        return (try SafetensorsHeader(json, dataCount: bytes.count - dataStart), dataStart)
    }
}
