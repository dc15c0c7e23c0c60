import CCrypto

/// A signature scheme that C2PA allows (specification 2.2, 13.2), by its name there.
public enum SigningAlgorithm: String, Sendable, CaseIterable {
    /// ECDSA on P-256 with SHA-256. Every signature is another one.
    case es256
    /// ECDSA on P-384 with SHA-384.
    case es384
    /// ECDSA on P-521 with SHA-512.
    case es512
    /// RSASSA-PSS with SHA-256. Every signature is another one.
    case ps256
    /// RSASSA-PSS with SHA-384.
    case ps384
    /// RSASSA-PSS with SHA-512.
    case ps512
    /// Ed25519. The same bytes always have the same signature.
    case ed25519

    /// Those that Gesso makes keys for; the others are only read.
    public static let ownKeys: [SigningAlgorithm] = [.ed25519, .es256, .ps256]

    /// Its number in COSE (RFC 9053).
    var coseNumber: Int {
        switch self {
        case .es256: -7
        case .es384: -35
        case .es512: -36
        case .ps256: -37
        case .ps384: -38
        case .ps512: -39
        case .ed25519: -8
        }
    }

    /// The scheme of a number in COSE.
    init?(coseNumber: Int) {
        guard let known = Self.allCases.first(where: { $0.coseNumber == coseNumber }) else {
            return nil
        }
        self = known
    }

    /// Its hash function; nil for Ed25519, which has its own.
    var digest: OpaquePointer? {
        switch self {
        case .es256, .ps256: EVP_sha256()
        case .es384, .ps384: EVP_sha384()
        case .es512, .ps512: EVP_sha512()
        case .ed25519: nil
        }
    }

    /// Bytes of each of the two numbers of a signature; nil where it is no such pair.
    var coordinateBytes: Int? {
        switch self {
        case .es256: 32
        case .es384: 48
        case .es512: 66
        case .ps256, .ps384, .ps512, .ed25519: nil
        }
    }

    var isPSS: Bool { [.ps256, .ps384, .ps512].contains(self) }

    /// The kind of key that it needs, as libcrypto numbers them.
    func accepts(keyOfType type: Int32) -> Bool {
        switch self {
        case .es256, .es384, .es512: type == EVP_PKEY_EC
        case .ps256, .ps384, .ps512: type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS
        case .ed25519: type == EVP_PKEY_ED25519
        }
    }
}
