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
    private(set) var isTransposed = false

    /// - Parameter cast: the type of the numbers; what Gesso does not compute with keeps its own.
    init(_ name: String, _ shape: [Int], _ parts: [Safetensors.Entry], as cast: DataType?) {
        (self.name, self.shape, self.parts) = (name, shape, parts)
        let own = parts[0].dataType
        dataType = DataType(rawValue: own) == nil ? own : cast?.rawValue ?? own
    }

    /// A matrix whose rows become columns.
    init(transposing entry: Safetensors.Entry, _ name: String, as cast: DataType?) {
        self.init(name, entry.shape.reversed(), [entry], as: cast)
        isTransposed = true
    }

    var isCast: Bool { parts.contains { $0.dataType != dataType } }
    var byteCount: Int {
        shape.reduce(1, *) * (SafetensorsHeader.byteCount(dataType) ?? 0)
    }
}

/// Writes a safetensors file a piece at a time, so that a checkpoint of any size takes little memory.
struct SafetensorsWriter {
    /// Numbers that are cast at once.
    private static let piece = 1 << 20

    let url: URL
    /// Called between any two tensors; what it throws ends the writing.
    let checkpoint: () throws -> Void

    /// Writes the tensors; those that keep their type keep their bytes.
    ///
    /// - Throws: `CheckpointError.writeFailed`, `.nonFiniteValues`, or `.outOfRange` for a number that
    ///   the new type has no finite value for.
    func write(_ tensors: [OutgoingTensor], metadata: [String: String]) throws {
        // The widest types first, so that every tensor is at a multiple of its numbers' size.
        let sorted = tensors.sorted {
            let sizes = [$0, $1].map { SafetensorsHeader.byteCount($0.dataType) ?? 0 }
            return sizes[0] == sizes[1] ? $0.name < $1.name : sizes[0] > sizes[1]
        }
        let path = url.path(percentEncoded: false)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw failed() }
        defer { close(file) }
        try Self.header(sorted, metadata).withUnsafeBytes { try put($0, in: file) }
        for tensor in sorted {
            try checkpoint()
            for part in tensor.parts { try put(part, of: tensor, in: file) }
        }
        guard fsync(file) == 0 else { throw failed() }
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
        guard let own = entry.stored, let target = DataType(rawValue: tensor.dataType) else {
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
