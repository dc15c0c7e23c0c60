import CCrypto
import Files
public import Foundation

/// A time stamp (RFC 3161): an authority's signature over the hash of bytes and a time, which shows that the
/// bytes were there at that time.
public struct TimeStamp: Sendable, Equatable {
    /// The time.
    public let time: Date
    /// Whom the authority's certificate names.
    public let authority: String
    /// Whether its certificate leads to one of the anchors.
    public let isTrusted: Bool

    /// Why a time stamp says nothing, as the specification names it (2.2, 15.2.2).
    enum Fault: String, Error {
        case malformed = "timeStamp.malformed"
        case mismatch = "timeStamp.mismatch"
        case outsideValidity = "timeStamp.outsideValidity"
        case untrusted = "timeStamp.untrusted"
    }

    /// Checks a time stamp: what it is of, its signature, and the certificate, which must be for time stamps
    /// and hold at that time.
    ///
    /// - Parameters:
    ///   - data: DER, a `TimeStampToken` or a `TimeStampResp`.
    ///   - message: what it should be of.
    ///   - anchors: the certificates that are trusted.
    init(
        checking data: Data, of message: Data, trusting anchors: [Certificate]
    ) throws(Fault) {
        defer { ERR_clear_error() }
        guard let token = Token(data), let time = token.time else { throw .malformed }
        guard let isSame = token.isOf(message) else { throw .malformed }
        guard isSame else { throw .mismatch }
        guard let signer = token.signer else { throw .malformed }
        guard signer.isInsideValidity(at: time) else { throw .outsideValidity }
        // Signature and purpose first; whom to trust is another question.
        guard token.isSigned(at: time, trusting: [signer]) else { throw .untrusted }
        (self.time, authority) = (time, signer.holder)
        isTrusted = !anchors.isEmpty && token.isSigned(at: time, trusting: anchors)
    }

    /// `2026-11-29 02:10:05 UTC`
    public var timeText: String {
        let style = Date.ISO8601FormatStyle(dateTimeSeparator: .space)
        return time.formatted(style).replacing("Z", with: "") + " UTC"
    }
}

extension TimeStamp {
    /// The signed data of a time stamp.
    final class Token {
        let pointer: UnsafeMutablePointer<PKCS7>
        /// What is signed (`TSTInfo`).
        private let info: OpaquePointer

        /// Takes the token from a response, or is one itself; nil for other bytes.
        init?(_ data: Data) {
            guard let pointer = Self.token(data) ?? Self.response(data) else { return nil }
            guard let info = PKCS7_to_TS_TST_INFO(pointer) else {
                PKCS7_free(pointer)
                return nil
            }
            (self.pointer, self.info) = (pointer, info)
        }

        deinit {
            TS_TST_INFO_free(info)
            PKCS7_free(pointer)
        }

        private static func token(_ data: Data) -> UnsafeMutablePointer<PKCS7>? {
            decoded(data, { d2i_PKCS7(nil, $0, $1) }, PKCS7_free)
        }

        private static func response(_ data: Data) -> UnsafeMutablePointer<PKCS7>? {
            guard let response = TimeStampResponse(data) else { return nil }
            return TS_RESP_get_token(response.pointer).flatMap { PKCS7_dup($0) }
        }

        /// The time that it states; nil where it is of another version.
        var time: Date? {
            var time = tm()
            guard TS_TST_INFO_get_version(info) == 1,
                let stated = TS_TST_INFO_get_time(info), ASN1_TIME_to_tm(stated, &time) == 1
            else { return nil }
            return Date(timeIntervalSince1970: Double(timegm(&time)))
        }

        /// Whether it is of these bytes; nil for a hash function that C2PA does not allow.
        func isOf(_ message: Data) -> Bool? {
            guard let imprint = TS_TST_INFO_get_msg_imprint(info),
                let hash = TS_MSG_IMPRINT_get_msg(imprint)
            else { return nil }
            var kind: OpaquePointer?
            X509_ALGOR_get0(&kind, nil, nil, TS_MSG_IMPRINT_get_algo(imprint))
            let algorithm: Digest.Algorithm
            switch OBJ_obj2nid(kind) {
            case NID_sha256: algorithm = .sha256
            case NID_sha384: algorithm = .sha384
            case NID_sha512: algorithm = .sha512
            default: return nil
            }
            let bytes = UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(hash), count: Int(ASN1_STRING_length(hash)))
            return Data(bytes) == Digest.bytes(message, algorithm)
        }

        /// The certificate of who signed; nil where it does not bring it along, or several signed.
        var signer: Certificate? {
            guard OBJ_obj2nid(pointer.pointee.type) == NID_pkcs7_signed,
                let signers = PKCS7_get0_signers(pointer, nil, 0)
            else { return nil }
            defer { OPENSSL_sk_free(signers) }
            guard OPENSSL_sk_num(signers) == 1,
                let found = OPENSSL_sk_value(signers, 0).map({ OpaquePointer($0) }),
                X509_up_ref(found) == 1
            else { return nil }
            return Certificate(owning: found)
        }

        /// Whether the signature is right, and its certificate for time stamps and, at that time, under one
        /// of the anchors.
        func isSigned(at time: Date, trusting anchors: [Certificate]) -> Bool {
            guard let store = Certificate.store(of: anchors, at: time) else { return false }
            defer { X509_STORE_free(store) }
            var signer: OpaquePointer?
            defer { X509_free(signer) }
            return TS_RESP_verify_signature(pointer, nil, store, &signer) == 1
        }

        /// The number that a request had; nil for none.
        var nonce: OpaquePointer? { TS_TST_INFO_get_nonce(info).map { OpaquePointer($0) } }

        /// DER.
        var der: Data? { encoded { i2d_PKCS7(pointer, $0) } }
    }
}

/// The answer of an authority (`TimeStampResp`).
final class TimeStampResponse {
    let pointer: OpaquePointer

    /// Nil for bytes that are none.
    init?(_ data: Data) {
        guard let response = decoded(data, { d2i_TS_RESP(nil, $0, $1) }, TS_RESP_free) else {
            return nil
        }
        pointer = response
    }

    deinit { TS_RESP_free(pointer) }

    /// Why the authority refuses; nil where it grants a time stamp.
    var refusal: String? {
        let status = TS_RESP_get_status_info(pointer)
        let number = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status))
        guard number > 1 || number < 0 else { return nil }
        guard let texts = TS_STATUS_INFO_get0_text(status), OPENSSL_sk_num(texts) > 0,
            let first = OPENSSL_sk_value(texts, 0).map({
                UnsafePointer($0.assumingMemoryBound(to: ASN1_STRING.self))
            })
        else { return "status \(number)" }
        let bytes = UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(first), count: Int(ASN1_STRING_length(first)))
        return String(decoding: bytes.prefix(200), as: UTF8.self)
    }
}
