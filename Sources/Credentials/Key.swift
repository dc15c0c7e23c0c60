import CCrypto
import Foundation

/// A key of libcrypto: both halves, or the public one of a certificate.
///
/// `@unchecked Sendable`: libcrypto's keys may be used by many threads once they are made; nothing here
/// changes one.
final class Key: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over a key.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }

    /// A new pair of keys; nil only where libcrypto cannot make one.
    static func generated(_ algorithm: SigningAlgorithm) -> Key? {
        let type =
            switch algorithm {
            case .ed25519: EVP_PKEY_ED25519
            case .ps256, .ps384, .ps512: EVP_PKEY_RSA
            case .es256, .es384, .es512: EVP_PKEY_EC
            }
        guard let context = EVP_PKEY_CTX_new_id(type, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_keygen_init(context) == 1 else { return nil }
        if algorithm.isPSS { EVP_PKEY_CTX_set_rsa_keygen_bits(context, 3072) }
        if algorithm == .es256 {
            EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1)
        }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen(context, &key) == 1 else { return nil }
        return key.map(Key.init)
    }

    /// The private key in a PEM file (PKCS #8, or the older forms) without a password; nil for others.
    static func inPEM(_ data: Data) -> Key? {
        MemoryFile(data).flatMap { file in
            // A key with a password must not make the process ask for it.
            PEM_read_bio_PrivateKey(file.pointer, nil, { _, _, _, _ in -1 }, nil).map(Key.init)
        }
    }

    /// The private key as PEM, PKCS #8.
    var pem: Data? {
        MemoryFile().flatMap { file in
            PEM_write_bio_PKCS8PrivateKey(file.pointer, pointer, nil, nil, 0, nil, nil) == 1
                ? file.content : nil
        }
    }

    var type: Int32 { EVP_PKEY_get_base_id(pointer) }

    /// The scheme that Gesso signs with such a key; nil where it is none of those.
    var algorithm: SigningAlgorithm? {
        switch type {
        case EVP_PKEY_ED25519: .ed25519
        case EVP_PKEY_EC where EVP_PKEY_get_bits(pointer) == 256: .es256
        case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: .ps256
        default: nil
        }
    }

    /// Whether this is the other half of a public key.
    func matches(_ other: Key) -> Bool { EVP_PKEY_eq(pointer, other.pointer) == 1 }

    /// Bytes that a signature of COSE has.
    func signatureBytes(_ algorithm: SigningAlgorithm) -> Int {
        algorithm.coordinateBytes.map { $0 * 2 } ?? Int(EVP_PKEY_get_size(pointer))
    }

    /// The signature of bytes, in the form of COSE (RFC 9053, 2); nil where the key is not of that kind.
    func signature(of data: Data, _ algorithm: SigningAlgorithm) -> Data? {
        guard algorithm.accepts(keyOfType: type), let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        guard EVP_DigestSignInit(context, &parameters, algorithm.digest, nil, pointer) == 1,
            prepare(parameters, algorithm)
        else { return nil }
        var count = Int(EVP_PKEY_get_size(pointer))
        var signature = [UInt8](repeating: 0, count: count)
        let status = data.withContiguousBytes { bytes, length in
            EVP_DigestSign(context, &signature, &count, bytes, length)
        }
        guard status == 1 else { return nil }
        let bytes = Data(signature.prefix(count))
        return algorithm.coordinateBytes.map { pair(bytes, $0) } ?? bytes
    }

    /// Whether a signature of COSE is that of the bytes.
    func verifies(_ signature: Data, of data: Data, _ algorithm: SigningAlgorithm) -> Bool {
        guard algorithm.accepts(keyOfType: type), let context = EVP_MD_CTX_new() else {
            return false
        }
        defer { EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &parameters, algorithm.digest, nil, pointer) == 1,
            prepare(parameters, algorithm),
            let stored = algorithm.coordinateBytes.map({ sequence(signature, $0) }) ?? signature
        else { return false }
        return stored.withContiguousBytes { sign, signCount in
            data.withContiguousBytes { bytes, count in
                EVP_DigestVerify(context, sign, signCount, bytes, count) == 1
            }
        }
    }

    /// Sets what RSASSA-PSS leaves open: the salt is as long as the hash (RFC 8230, 2).
    private func prepare(_ parameters: OpaquePointer?, _ algorithm: SigningAlgorithm) -> Bool {
        guard algorithm.isPSS else { return true }
        return EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1
            && EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1
            && EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, algorithm.digest) == 1
    }

    /// The two numbers of an ECDSA signature, one after the other, from libcrypto's ASN.1.
    private func pair(_ signature: Data, _ size: Int) -> Data? {
        signature.withContiguousBytes { bytes, count in
            var place = bytes
            guard let parsed = d2i_ECDSA_SIG(nil, &place, count) else { return nil }
            defer { ECDSA_SIG_free(parsed) }
            var pair = [UInt8](repeating: 0, count: 2 * size)
            let isWhole = pair.withUnsafeMutableBufferPointer { buffer in
                let start = buffer.baseAddress
                return BN_bn2binpad(ECDSA_SIG_get0_r(parsed), start, Int32(size)) >= 0
                    && BN_bn2binpad(ECDSA_SIG_get0_s(parsed), start.map { $0 + size }, Int32(size))
                        >= 0
            }
            return isWhole ? Data(pair) : nil
        }
    }

    /// The ASN.1 of two numbers; nil where they are not of that size.
    private func sequence(_ pair: Data, _ size: Int) -> Data? {
        guard pair.count == 2 * size, let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        let numbers = pair.withContiguousBytes { bytes, _ in
            (
                BN_bin2bn(bytes, Int32(size), nil),
                BN_bin2bn(bytes.map { $0 + size }, Int32(size), nil)
            )
        }
        // Both are the signature's from here on.
        guard ECDSA_SIG_set0(signature, numbers.0, numbers.1) == 1 else {
            BN_free(numbers.0)
            BN_free(numbers.1)
            return nil
        }
        return encoded { i2d_ECDSA_SIG(signature, $0) }
    }
}

/// What one of libcrypto's `i2d` functions writes; nil where it fails.
func encoded(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> Data? {
    let count = write(nil)
    guard count > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    let written = bytes.withUnsafeMutableBufferPointer { buffer in
        var place = buffer.baseAddress
        return write(&place)
    }
    return written == count ? Data(bytes) : nil
}

/// What one of libcrypto's `d2i` functions reads from all of these bytes; nil where they are something else, or more.
///
/// - Parameter free: frees what is read.
func decoded<Pointer>(
    _ der: Data, _ read: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> Pointer?,
    _ free: (Pointer?) -> Void
) -> Pointer? {
    der.withContiguousBytes { bytes, count in
        var place = bytes
        let found = read(&place, count)
        guard place == bytes.map({ $0 + count }) else {
            free(found)
            return nil
        }
        return found
    }
}

/// A file in memory, as libcrypto reads and writes PEM.
final class MemoryFile {
    let pointer: OpaquePointer

    /// An empty one to write to.
    init?() {
        guard let pointer = BIO_new(BIO_s_mem()) else { return nil }
        self.pointer = pointer
    }

    /// One with content.
    convenience init?(_ data: Data) {
        self.init()
        let written = data.withContiguousBytes { bytes, count in
            BIO_write(pointer, bytes, Int32(clamping: count))
        }
        guard written == data.count || data.isEmpty else { return nil }
    }

    /// What was written and not yet read.
    var content: Data {
        var data = Data()
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = BIO_read(pointer, &part, Int32(part.count))
            guard count > 0 else { return data }
            data.append(contentsOf: part.prefix(Int(count)))
        }
    }

    deinit { BIO_free(pointer) }
}

extension Data {
    /// Calls a function of C with the bytes and their number.
    func withContiguousBytes<Result>(
        _ body: (UnsafePointer<UInt8>?, Int) -> Result
    ) -> Result {
        withUnsafeBytes { bytes in
            body(bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count)
        }
    }
}
