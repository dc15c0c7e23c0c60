import Foundation

/// A signature of COSE (`COSE_Sign1`, RFC 9052, 4.2) over a claim that is kept elsewhere, with the
/// certificates of whom it is by (`x5chain`, RFC 9360).
struct SignedClaim {
    private static let tag: UInt64 = 18
    private static let algorithmHeader = 1
    private static let chainHeader = 33

    /// The protected headers, as they were signed.
    let protected: Data
    /// The scheme; nil where it is none that C2PA allows.
    let algorithm: SigningAlgorithm?
    /// The certificates, the signer's first; empty where one cannot be read.
    let chain: [Certificate]
    /// The time stamp beside the signature; nil where there is none.
    let timeStamp: StoredTimeStamp?
    /// The signature.
    let signature: Data

    /// Reads the content of a signature box; nil for what is no such signature.
    init?(_ value: CBOR) {
        guard case .tagged(Self.tag, .array(let parts)) = value, parts.count == 4,
            let protected = parts[0].bytes, let headers = CBOR(decoding: protected),
            case .map = parts[1], parts[2] == .null, let signature = parts[3].bytes
        else { return nil }
        (self.protected, self.signature) = (protected, signature)
        algorithm = headers[Self.algorithmHeader]?.integer.flatMap(SigningAlgorithm.init)
        // Claims of version 1 have the chain unprotected, under its name.
        let chain =
            headers[Self.chainHeader] ?? headers["x5chain"] ?? parts[1][Self.chainHeader]
            ?? parts[1]["x5chain"]
        let listed = chain?.array ?? chain.map { [$0] } ?? []
        let certificates = listed.prefix(16).compactMap { $0.bytes.flatMap(Certificate.init) }
        self.chain = certificates.count == listed.count ? certificates : []
        timeStamp = StoredTimeStamp(parts[1])
    }

    /// The protected headers that say who signs how.
    static func headers(_ algorithm: SigningAlgorithm, _ chain: [Certificate]) -> Data {
        let certificates = chain.map { CBOR.bytes($0.der) }
        return CBOR.map([
            CBOR.Entry(CBOR(algorithmHeader), CBOR(algorithm.coseNumber)),
            CBOR.Entry(
                CBOR(chainHeader),
                certificates.count == 1 ? certificates[0] : .array(certificates)),
        ]).encoded
    }

    /// What is signed for a claim (RFC 9052, 4.4).
    static func message(_ protected: Data, _ claim: Data) -> Data {
        CBOR.array(["Signature1", .bytes(protected), .bytes(Data()), .bytes(claim)]).encoded
    }

    /// The content of a signature box.
    ///
    /// - Parameter stamp: a time stamp and the room that it has; nil for none.
    static func box(_ protected: Data, _ signature: Data, _ stamp: (token: Data, room: Int)?)
        -> CBOR
    {
        let beside = stamp.map { StoredTimeStamp.headers($0.token, room: $0.room) } ?? .map([])
        return .tagged(tag, [.bytes(protected), beside, .null, .bytes(signature)])
    }

    /// Whether it is the signer's over this claim.
    func holds(for claim: Data) -> Bool {
        guard let algorithm, let signer = chain.first else { return false }
        return signer.key.verifies(signature, of: Self.message(protected, claim), algorithm)
    }
}
