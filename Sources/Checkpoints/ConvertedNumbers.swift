import Tensors

/// Numbers of types that files have and kernels do not, in the smallest of the kernels' types that holds
/// them: 8-bit floats in 16 bits exactly, 64-bit floats rounded to 32.
///
/// OCP 8-bit Floating Point Specification, revision 1.0, section 5.
enum ConvertedNumbers {
    /// Whether numbers of a type can be computed with, as they are or converted.
    static func areKnown(_ type: String) -> Bool {
        DataType(rawValue: type) != nil || ["F8_E4M3", "F8_E5M2", "F64"].contains(type)
    }

    /// The numbers; nil for a type that is not converted.
    static func tensor(_ type: String, shape: [Int], _ bytes: UnsafeRawBufferPointer)
        -> StoredTensor?
    {
        switch type {
        case "F64":
            let values = (0..<bytes.count / 8).map {
                Float(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self))
            }
            return StoredTensor(Tensor(values, shape: shape))
        case "F8_E4M3": return halves(shape, bytes) { e4m3[Int($0)] }
        // The upper half of a 16-bit float.
        case "F8_E5M2": return halves(shape, bytes) { UInt16($0) << 8 }
        default: return nil
        }
    }

    /// The bits of a 16-bit float by those of an 8-bit one with 4 bits of exponent, whose bias is 7.
    private static let e4m3: [UInt16] = (0...255).map { (bits: UInt16) in
        let (sign, exponent, fraction) = ((bits >> 7) << 15, (bits >> 3) & 15, bits & 7)
        if exponent == 15, fraction == 7 { return sign | 0x7E00 }
        if exponent > 0 { return sign | (exponent + 8) << 10 | fraction << 7 }
        // What is below 2⁻⁶ counts in 2⁻⁹ and is a normal number of 16 bits.
        guard fraction > 0 else { return sign }
        let shift = UInt16(fraction.leadingZeroBitCount - 12)
        return sign | (9 - shift) << 10 | (fraction << shift & 7) << 7
    }

    private static func halves(
        _ shape: [Int], _ bytes: UnsafeRawBufferPointer, _ half: (UInt8) -> UInt16
    ) -> StoredTensor {
        let owner = Halves(bytes.map(half))
        return StoredTensor(shape: shape, dataType: .float16, bytes: owner.bytes, owner: owner)
    }

    /// Memory of 16-bit floats.
    private final class Halves {
        let bytes: UnsafeRawBufferPointer

        init(_ values: [UInt16]) {
            let memory = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: values.count)
            _ = memory.initialize(from: values)
            bytes = UnsafeRawBufferPointer(memory)
        }

        deinit { bytes.deallocate() }
    }
}
