import CCrypto
import Files
public import Foundation

/// Someone who stamps signatures with the time (RFC 3161), asked by a program that may use the network.
public struct TimeStampAuthority: Sendable, Equatable {
    /// Room for a time stamp that suits most authorities, in bytes.
    static let usualBytes = 8 << 10
    /// Bytes that a time stamp has at least, and at the most.
    static let bytes = 256...60_000
    /// Bytes of an answer that are read.
    private static let mostAnswer = 1 << 20

    /// The address that is asked.
    public let url: URL
    private let program: String
    private let arguments: [String]

    /// An authority.
    ///
    /// - Parameters:
    ///   - address: of HTTP or HTTPS.
    ///   - program: is given the address behind `arguments`, the request on standard input, and writes the
    ///     answer to standard output, or a line of what failed to standard error.
    /// - Throws: ``CredentialsError`` for what is no such address.
    public init(
        _ address: String, askedBy program: String, _ arguments: [String] = []
    ) throws(CredentialsError) {
        guard let url = URL(string: address), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), url.host()?.isEmpty == false,
            address.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F })
        else { throw .badAddress(address) }
        (self.url, self.program, self.arguments) = (url, program, arguments)
    }

    /// A time stamp of bytes, DER of a `TimeStampToken`, which was checked.
    func stamp(of message: Data) throws(CredentialsError) -> Data {
        guard let request = TimeStampRequest(of: message), let bytes = request.der else {
            throw failed("libcrypto cannot make the request")
        }
        let asked = PipedProgram(program, arguments + [url.absoluteString])
        guard let answer = asked.answer(to: bytes, most: Self.mostAnswer, keepsErrors: true) else {
            throw .noProgram(program)
        }
        guard answer.status == 0 else {
            let line = answer.errors.split(separator: "\n").last.map(String.init) ?? ""
            throw failed(line.isEmpty ? "\(program) ended with \(answer.status)" : line)
        }
        guard let response = TimeStampResponse(answer.output) else {
            throw failed("the answer is no time stamp")
        }
        if let refusal = response.refusal { throw failed("the authority refuses: \(refusal)") }
        guard let token = TimeStamp.Token(answer.output), let stamp = token.der else {
            throw failed("the answer is no time stamp")
        }
        guard request.hasNonce(of: token) else { throw failed("the answer is to another request") }
        do {
            _ = try TimeStamp(checking: stamp, of: message, trusting: [])
        } catch {
            throw failed("the time stamp is not valid (\(error.rawValue))")
        }
        guard Self.bytes.contains(stamp.count) else {
            throw failed("the time stamp has \(stamp.count) bytes")
        }
        return stamp
    }

    private func failed(_ reason: String) -> CredentialsError {
        .noTimeStamp(address: "\(url.scheme ?? "")://\(url.host() ?? "")", reason: reason)
    }
}

/// What an authority is asked (`TimeStampReq`): the hash of bytes, with a random number.
private final class TimeStampRequest {
    private let pointer: OpaquePointer
    private let nonce: UnsafeMutablePointer<ASN1_INTEGER>

    /// Nil only where libcrypto fails.
    init?(of message: Data) {
        guard let request = TS_REQ_new(), let nonce = Self.randomNumber() else { return nil }
        (pointer, self.nonce) = (request, nonce)
        guard TS_REQ_set_version(request, 1) == 1, setImprint(Digest.bytes(message)),
            TS_REQ_set_nonce(request, nonce) == 1, TS_REQ_set_cert_req(request, 1) == 1
        else { return nil }
    }

    deinit {
        TS_REQ_free(pointer)
        ASN1_INTEGER_free(nonce)
    }

    var der: Data? { encoded { i2d_TS_REQ(pointer, $0) } }

    /// Whether a time stamp has this request's number.
    func hasNonce(of token: TimeStamp.Token) -> Bool {
        token.nonce.map { ASN1_INTEGER_cmp(UnsafePointer($0), nonce) == 0 } ?? false
    }

    private func setImprint(_ hash: Data) -> Bool {
        guard let imprint = TS_MSG_IMPRINT_new(), let algorithm = X509_ALGOR_new() else {
            return false
        }
        defer {
            TS_MSG_IMPRINT_free(imprint)
            X509_ALGOR_free(algorithm)
        }
        var bytes = [UInt8](hash)
        return X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nil) == 1
            && TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1
            && TS_MSG_IMPRINT_set_msg(imprint, &bytes, Int32(bytes.count)) == 1
            && TS_REQ_set_msg_imprint(pointer, imprint) == 1
    }

    /// 63 random bits.
    private static func randomNumber() -> UnsafeMutablePointer<ASN1_INTEGER>? {
        var bytes = [UInt8](repeating: 0, count: 8)
        guard RAND_bytes(&bytes, Int32(bytes.count)) == 1 else { return nil }
        bytes[0] &= 0x7F
        let number = BN_bin2bn(bytes, Int32(bytes.count), nil)
        defer { BN_free(number) }
        return BN_to_ASN1_INTEGER(number, nil)
    }
}
