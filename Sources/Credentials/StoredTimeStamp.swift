import Foundation

/// A time stamp among the headers of a signature that are not signed (specification 2.2, 10.3.2.5).
struct StoredTimeStamp {
    /// Of claims of version 2, of the signature.
    private static let header = "sigTst2"
    /// Of claims of version 1, of what is signed.
    private static let earlierHeader = "sigTst"

    /// DER; nil where there is not exactly one.
    let bytes: Data?
    private let isOfSignature: Bool

    /// Nil where the headers have none.
    init?(_ headers: CBOR) {
        guard let found = headers[Self.header] ?? headers[Self.earlierHeader] else { return nil }
        isOfSignature = headers[Self.header] != nil
        let tokens = found["tstTokens"]?.array ?? []
        bytes = tokens.count == 1 ? tokens[0]["val"]?.bytes : nil
    }

    /// What it is of: a countersignature (RFC 9338, 3.3) over the signature, or in its earlier form over the
    /// claim.
    func message(_ claim: Data, _ protected: Data, _ signature: Data) -> Data {
        isOfSignature
            ? Self.message(protected, signature) : Self.countersigned(protected, claim)
    }

    /// What a time stamp of a signature is of.
    static func message(_ protected: Data, _ signature: Data) -> Data {
        countersigned(protected, CBOR.bytes(signature).encoded)
    }

    private static func countersigned(_ protected: Data, _ payload: Data) -> Data {
        CBOR.array(["CounterSignature", .bytes(protected), .bytes(Data()), .bytes(payload)]).encoded
    }

    /// Headers that are as long for every time stamp that the room holds.
    static func headers(_ token: Data, room: Int) -> CBOR {
        // Both numbers of bytes are written in 16 bits.
        let rest = Data(count: max(room - token.count, 0) + TimeStampAuthority.bytes.lowerBound)
        return .object([
            header: .object(["tstTokens": [.object(["val": .bytes(token)])]]), "pad": .bytes(rest),
        ])
    }
}
