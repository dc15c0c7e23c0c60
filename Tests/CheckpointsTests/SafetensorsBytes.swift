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

/// A good file of tensors, each filled with one value.
///
/// - Parameter isHalved: whether in BF16, the upper halves of the values, instead of F32.
func safetensors(
    _ tensors: [(name: String, shape: [Int], value: Float)], isHalved: Bool = false
) -> [UInt8] {
    let (type, bytes) = isHalved ? ("BF16", 2..<4) : ("F32", 0..<4)
    var members: [String] = []
    var data: [UInt8] = []
    for (name, shape, value) in tensors {
        let count = shape.reduce(1, *)
        let end = data.count + bytes.count * count
        members.append("\"\(name)\":" + fields(type, "\(shape)", "[\(data.count),\(end)]"))
        for _ in 0..<count {
            data += bytes.map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        }
    }
    return safetensors("{\(members.joined(separator: ","))}", data: data)
}
