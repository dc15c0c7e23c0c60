public import Foundation

/// Who signs, and with what: a private key, or a program that has it.
public struct Signer: Sendable {
    /// The certificates that go with the signature, the signer's first, without the root.
    public let chain: [Certificate]
    /// The scheme.
    public let algorithm: SigningAlgorithm
    /// What a signature of it is as long as, in bytes.
    let signatureBytes: Int
    private let sign: @Sendable (Data) throws(CredentialsError) -> Data

    /// The signer's certificate.
    public var certificate: Certificate { chain[0] }

    /// A signer with a private key.
    ///
    /// - Parameters:
    ///   - key: PEM, PKCS #8 without a password.
    ///   - certificates: PEM, the signer's first.
    ///   - keyPath: stands for the key's file in errors.
    ///   - certificatePath: stands for the certificates' file in errors.
    /// - Throws: ``CredentialsError`` for what is no key or no certificate, for two that do not go together,
    ///   and for a certificate that C2PA does not allow.
    public init(
        key: Data, certificates: Data, keyPath: String, certificatePath: String
    ) throws(CredentialsError) {
        guard let key = Key.inPEM(key), let algorithm = key.algorithm else {
            throw .noKey(path: keyPath)
        }
        try self.init(certificates, certificatePath, algorithm) { data throws(CredentialsError) in
            guard let signature = key.signature(of: data, algorithm) else {
                throw .signingFailed(reason: "libcrypto refuses the key")
            }
            return signature
        }
        guard certificate.key.matches(key) else {
            throw .keysDiffer(key: keyPath, certificate: certificatePath)
        }
    }

    /// A signer whose key a program has: it is given the bytes to be signed on standard input and writes
    /// the signature to standard output, in the form of COSE.
    ///
    /// - Parameter command: for `/bin/sh -c`.
    /// - Throws: ``CredentialsError`` as above.
    public init(
        command: String, certificates: Data, certificatePath: String
    ) throws(CredentialsError) {
        guard let key = Certificate.inPEM(certificates).first?.key, let algorithm = key.algorithm
        else { throw .noCertificate(path: certificatePath) }
        try self.init(certificates, certificatePath, algorithm) { data throws(CredentialsError) in
            let signature = try SigningCommand(command).signature(of: data)
            guard key.verifies(signature, of: data, algorithm) else {
                throw .signingFailed(
                    reason: "what the command wrote is no \(algorithm.rawValue) signature by the "
                        + "key of the certificate")
            }
            return signature
        }
    }

    private init(
        _ certificates: Data, _ path: String, _ algorithm: SigningAlgorithm,
        _ sign: @escaping @Sendable (Data) throws(CredentialsError) -> Data
    ) throws(CredentialsError) {
        let found = Certificate.inPEM(certificates)
        guard let first = found.first else { throw .noCertificate(path: path) }
        if let reason = first.unfitness { throw .unfit(path: path, reason: reason) }
        guard first.isInsideValidity() else { throw .expired(path: path, day: first.lastDay) }
        // The root goes to those who are to trust it, not into the file (specification 2.2, 14.5).
        chain = [first] + found.dropFirst().filter { !$0.isRoot }
        (self.algorithm, self.sign) = (algorithm, sign)
        signatureBytes = first.key.signatureBytes(algorithm)
    }

    /// The signature of bytes.
    func signature(of data: Data) throws(CredentialsError) -> Data {
        let signature = try sign(data)
        guard signature.count == signatureBytes else {
            throw .signingFailed(
                reason: "the signature has \(signature.count) bytes, not \(signatureBytes)")
        }
        return signature
    }
}
