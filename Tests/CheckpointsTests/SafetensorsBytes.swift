/// The bytes of a safetensors file with this header, whatever it says.
func safetensors(_ header: String, data: [UInt8] = []) -> [UInt8] {
    safetensors(Array(header.utf8), data: data)
}

func safetensors(_ header: [UInt8], data: [UInt8] = []) -> [UInt8] {
    lengthPrefix(UInt64(header.count)) + header + data
}

func lengthPrefix(_ length: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
}

/// The fields of one tensor, as they stand in a header.
func fields(_ dataType: String, _ shape: String, _ offsets: String) -> String {
    "{\"dtype\":\"\(dataType)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

/// A good file of f32 tensors, each filled with one value.
func safetensors(_ tensors: [(name: String, shape: [Int], value: Float)]) -> [UInt8] {
    var members: [String] = []
    var data: [UInt8] = []
    for (name, shape, value) in tensors {
        let count = shape.reduce(1, *)
        let end = data.count + 4 * count
        members.append("\"\(name)\":" + fields("F32", "\(shape)", "[\(data.count),\(end)]"))
        for _ in 0..<count {
            data += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        }
    }
    return safetensors("{\(members.joined(separator: ","))}", data: data)
}
