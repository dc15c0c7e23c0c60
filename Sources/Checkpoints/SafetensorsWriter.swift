import Files
import Foundation
import Tensors

/// A tensor on its way into another file.
struct OutgoingTensor {
    let name: String
    let shape: [Int]
    /// the format's word for the type it gets
    let dataType: String
    /// what it is made of, one after another
    let parts: [Safetensors.Entry]
    /// whether rows become columns
    let isTransposed: Bool

    /// - Parameter cast: the type of the numbers; what Gesso does not compute with keeps its own. Without one
    ///   numbers of 8 and of 64 bits keep theirs as long as their bytes do, or become 32-bit floats.
    init(
        _ name: String, _ shape: [Int], _ parts: [Safetensors.Entry], as cast: DataType?,
        isTransposed: Bool = false
    ) {
        (self.name, self.shape, self.parts) = (name, shape, parts)
        self.isTransposed = isTransposed
        let own = parts[0].dataType
        guard parts.allSatisfy({ ConvertedNumbers.areKnown($0.dataType) }) else {
            dataType = own
            return
        }
        let isOfOneType = parts.allSatisfy { $0.dataType == own }
        let keepsBytes = !isTransposed && parts.allSatisfy { $0.change == nil }
        let keepsType = isOfOneType && (keepsBytes || DataType(rawValue: own) != nil)
        dataType = (cast ?? (keepsType ? nil : .float32))?.rawValue ?? own
    }

    /// A matrix whose rows become columns.
    init(transposing entry: Safetensors.Entry, _ name: String, as cast: DataType?) {
        self.init(name, entry.shape.reversed(), [entry], as: cast, isTransposed: true)
    }

    var isCast: Bool { parts.contains { $0.dataType != dataType } }
    var byteCount: Int {
        shape.reduce(1, *) * (SafetensorsHeader.byteCount(dataType) ?? 0)
    }

    /// The part that does not fit the shape and the place that it is written to; nil where all do.
    var misfit: Safetensors.Entry? {
        let counts = parts.map { $0.shape.reduce(1, *) }
        let isWhole = counts.reduce(0, +) == shape.reduce(1, *)
        return isWhole && (!isTransposed || shape.count == 2) ? nil : parts[0]
    }
}

/// Writes a safetensors file a piece at a time, so that a checkpoint of any size takes little memory.
struct SafetensorsWriter {
    /// Numbers that are cast at once.
    private static let piece = 1 << 20

    let url: URL
    /// Called between any two tensors; what it throws ends the writing.
    let checkpoint: () throws -> Void

    /// Writes the tensors to a new file; those that keep their type keep their bytes.
    ///
    /// - Throws: `CheckpointError.writeFailed`, `.nonFiniteValues`, `.outOfRange` for a number that the new
    ///   type has no finite value for, or `.notConvertible` for a tensor of a shape that has no place there.
    func write(_ tensors: [OutgoingTensor], metadata: [String: String]) throws {
        let path = url.path(percentEncoded: false)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw failed() }
        defer { close(file) }
        try write(tensors, metadata: metadata, in: file)
        guard fsync(file) == 0 else { throw failed() }
    }

    /// The same to a file that is open, which is not flushed to the disk; errors name `url`.
    func write(
        _ tensors: [OutgoingTensor], metadata: [String: String], in file: Int32
    ) throws {
        if let misfit = tensors.sorted(by: { $0.name < $1.name }).compactMap(\.misfit).first {
            throw CheckpointError.notConvertible(
                path: misfit.path,
                reason: "tensor \(shown(misfit.name)) has shape \(misfit.shape)")
        }
        // The widest types first, so that every tensor is at a multiple of its numbers' size.
        let sorted = tensors.sorted {
            let sizes = [$0, $1].map { SafetensorsHeader.byteCount($0.dataType) ?? 0 }
            return sizes[0] == sizes[1] ? $0.name < $1.name : sizes[0] > sizes[1]
        }
        try Self.header(sorted, metadata).withUnsafeBytes { try put($0, in: file) }
        for tensor in sorted {
            try checkpoint()
            for part in tensor.parts { try put(part, of: tensor, in: file) }
        }
    }

    private static func header(
        _ tensors: [OutgoingTensor], _ metadata: [String: String]
    ) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0)):\(quoted($1))" }
            members.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.byteCount
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.dataType)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var json = Array("{\(members.joined(separator: ","))}".utf8)
        json += [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
    }

    private static func quoted(_ text: String) -> String {
        let parts = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\u{0}"..<"\u{20}":
                "\\u00" + (scalar.value < 16 ? "0" : "")
                    + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(parts.joined())\""
    }

    private func put(
        _ entry: Safetensors.Entry, of tensor: OutgoingTensor, in file: Int32
    ) throws {
        defer { entry.file.release(entry.range) }
        guard let target = DataType(rawValue: tensor.dataType), let own = entry.stored else {
            guard !tensor.isTransposed else {
                throw CheckpointError.unsupportedDataType(
                    path: entry.path, tensor: entry.name, found: entry.dataType)
            }
            return try put(entry.bytes, in: file)
        }
        let stored = tensor.isTransposed ? own.transposed() : own
        let size = stored.dataType.byteCount
        try withExtendedLifetime(stored) {
            for start in stride(from: 0, to: stored.count, by: Self.piece) {
                let count = min(Self.piece, stored.count - start)
                let bytes = UnsafeRawBufferPointer(
                    rebasing: stored.bytes[start * size..<(start + count) * size])
                let piece = StoredTensor(
                    shape: [count], dataType: stored.dataType, bytes: bytes, owner: entry.file)
                try put(piece, as: target, of: entry, in: file)
            }
        }
    }

    private func put(
        _ piece: StoredTensor, as target: DataType, of entry: Safetensors.Entry, in file: Int32
    ) throws {
        guard !piece.hasNonFiniteValues else {
            throw CheckpointError.nonFiniteValues(path: entry.path, tensor: entry.name)
        }
        guard target != piece.dataType else {
            return try withExtendedLifetime(piece) { try put(piece.bytes, in: file) }
        }
        let cast = StoredTensor(piece.widened(), as: target)
        guard !cast.hasNonFiniteValues else {
            throw CheckpointError.outOfRange(
                path: entry.path, tensor: entry.name, type: target.rawValue)
        }
        try withExtendedLifetime(cast) { try put(cast.bytes, in: file) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, in file: Int32) throws {
        var done = 0
        while done < bytes.count {
            let count = write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw failed()
            }
        }
    }

    private func write(_ file: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
        Foundation.write(file, start, count)
    }

    private func failed() -> CheckpointError {
        .writeFailed(
            path: url.path(percentEncoded: false), reason: String(cString: strerror(errno)))
    }
}
