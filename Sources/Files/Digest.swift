import CCrypto
public import Foundation

/// A hash of bytes that arrive in parts, computed by OpenSSL's libcrypto.
public struct Digest {
    /// The hash function.
    public enum Algorithm: Sendable {
        /// SHA-256 (FIPS 180-4).
        case sha256
        /// SHA-1 (FIPS 180-4), only where git names files by it.
        case sha1
        /// SHA-384 (FIPS 180-4).
        case sha384
        /// SHA-512 (FIPS 180-4).
        case sha512
        /// MD5 (RFC 1321), only where a file format prescribes it.
        case md5

        /// As libcrypto has it.
        fileprivate var function: OpaquePointer? {
            switch self {
            case .sha256: EVP_sha256()
            case .sha1: EVP_sha1()
            case .sha384: EVP_sha384()
            case .sha512: EVP_sha512()
            case .md5: EVP_md5()
            }
        }
    }

    private let context = Context()

    /// A hash of no bytes yet.
    public init(_ algorithm: Algorithm) {
        EVP_DigestInit_ex(context.pointer, algorithm.function, nil)
    }

    /// Adds bytes at the end.
    public func update(_ data: some DataProtocol) {
        for region in data.regions {
            region.withUnsafeBytes {
                _ = EVP_DigestUpdate(context.pointer, $0.baseAddress, $0.count)
            }
        }
    }

    /// The hash of all bytes, in lower-case hexadecimal. Nothing can be added afterwards.
    public consuming func hexadecimal() -> String { bytes().hexadecimal }

    /// The hash of all bytes. Nothing can be added afterwards.
    public consuming func bytes() -> Data {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        EVP_DigestFinal_ex(context.pointer, &bytes, &count)
        return Data(bytes.prefix(Int(count)))
    }

    /// SHA-256 of bytes, in lower-case hexadecimal.
    public static func sha256(_ data: some DataProtocol) -> String {
        let digest = Digest(.sha256)
        digest.update(data)
        return digest.hexadecimal()
    }

    /// HMAC of a text with SHA-256 (RFC 2104), in lower-case hexadecimal.
    public static func hmacSHA256(of text: String, key: [UInt8]) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let text = Array(text.utf8)
        HMAC(EVP_sha256(), key, Int32(key.count), text, text.count, &bytes, &count)
        return Data(bytes.prefix(Int(count))).hexadecimal
    }

    /// SHA-256 of a file of any size, from an offset in it on, in lower-case hexadecimal.
    ///
    /// - Throws: ``FileError/unreadable(path:reason:)``.
    public static func sha256(file: URL, from start: UInt64 = 0) throws(FileError) -> String {
        let digest = Digest(.sha256)
        do {
            let handle = try FileHandle(forReadingFrom: file)
            try handle.seek(toOffset: start)
            while let part = try handle.read(upToCount: 4 << 20), !part.isEmpty {
                digest.update(part)
            }
        } catch {
            throw .unreadable(path: file.path(percentEncoded: false), reason: "reading failed")
        }
        return digest.hexadecimal()
    }

    /// Owns libcrypto's state.
    private final class Context {
        let pointer = EVP_MD_CTX_new()

        deinit { EVP_MD_CTX_free(pointer) }
    }
}
