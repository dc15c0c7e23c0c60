import Files
public import Foundation

/// The folder with the keys that pictures are signed with: `gesso/credentials` in `$XDG_DATA_HOME`, else in
/// `~/.local/share` (XDG Base Directory Specification 0.8). Each profile is a folder in it with
/// `key.pem`, `certificate.pem` and `root.pem`, which only the user can read.
public struct CredentialsFolder: Sendable {
    /// The profile that is used when none is named.
    public static let standard = "default"

    /// The folder.
    public let url: URL

    /// The folder at a place.
    public init(_ url: URL) { self.url = url }

    /// The folder that environment variables name; nil where they name none.
    public init?(environment: [String: String]) {
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
            url = URL(filePath: data).appending(path: "gesso/credentials")
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            url = URL(filePath: home).appending(path: ".local/share/gesso/credentials")
        } else {
            return nil
        }
    }

    /// A key with its certificates, by name.
    public struct Profile: Sendable {
        /// Its name.
        public let name: String
        /// The signer's certificate.
        public let certificate: Certificate
        /// The scheme of its key.
        public let algorithm: SigningAlgorithm
        /// The file to give to those who are to trust it.
        public let root: URL
    }

    private func folder(_ name: String) -> URL { url.appending(path: name) }
    private func key(_ name: String) -> URL { folder(name).appending(path: "key.pem") }
    private func chain(_ name: String) -> URL { folder(name).appending(path: "certificate.pem") }
    private func root(_ name: String) -> URL { folder(name).appending(path: "root.pem") }

    /// Whether there is a profile of that name.
    public func holds(_ name: String) -> Bool {
        Self.isName(name) && FileManager.default.fileExists(atPath: key(name).path)
    }

    /// The profiles that can sign, by name.
    public var profiles: [Profile] {
        names.filter { (try? signer($0)) != nil }.compactMap(profile)
    }

    /// What keeps the others from signing, by name.
    public var faults: [CredentialsError] {
        names.compactMap { name in
            do throws(CredentialsError) {
                _ = try signer(name)
                return nil
            } catch {
                return error
            }
        }
    }

    private var names: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.filter(Self.isName).sorted()
    }

    private func profile(_ name: String) -> Profile? {
        guard let data = try? Data(contentsOf: chain(name)),
            let certificate = Certificate.inPEM(data).first,
            let algorithm = certificate.key.algorithm
        else { return nil }
        return Profile(
            name: name, certificate: certificate, algorithm: algorithm, root: root(name))
    }

    /// The signer of a profile.
    ///
    /// - Throws: ``CredentialsError``, of kind `noProfile` where there is none of that name, of kind `badName`
    ///   where there can be none.
    public func signer(_ name: String) throws(CredentialsError) -> Signer {
        guard Self.isName(name) else { throw .badName(name) }
        guard holds(name) else { throw .noProfile(name: name) }
        return try Signer(
            key: Self.read(key(name).path), certificates: Self.read(chain(name).path),
            keyPath: key(name).path, certificatePath: chain(name).path)
    }

    /// Makes a key with a root and a certificate of its own; whole or not at all.
    ///
    /// - Parameters:
    ///   - holder: whose it is, as readers will show it.
    ///   - years: how long the certificates hold.
    /// - Throws: ``CredentialsError``, of kind `profileExists` where there is one of that name.
    public func create(
        _ name: String, holder: String, _ algorithm: SigningAlgorithm, years: Int = 10
    ) throws(CredentialsError) -> Profile {
        guard Self.isName(name) else { throw .badName(name) }
        let isLine = !holder.unicodeScalars.contains {
            $0.properties.generalCategory == .control
        }
        guard (1...64).contains(holder.unicodeScalars.count), isLine,
            !holder.allSatisfy(\.isWhitespace)
        else { throw .badHolder(holder) }
        let place = folder(name)
        guard !FileManager.default.fileExists(atPath: place.path) else {
            throw .profileExists(name: name, path: place.path)
        }
        guard let made = Certificate.issued(to: holder, algorithm, years: years),
            let key = made.key.pem, let leaf = made.leaf.pem, let root = made.root.pem
        else { throw .signingFailed(reason: "libcrypto cannot make the key") }
        let draft = url.appending(path: ".new-\(UInt64.random(in: .min ... .max))")
        do {
            try FileManager.default.createDirectory(
                at: draft, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            for (file, data) in [("key.pem", key), ("certificate.pem", leaf), ("root.pem", root)] {
                try Self.write(data, to: draft.appending(path: file).path)
            }
            try FileManager.default.moveItem(at: draft, to: place)
        } catch let error as CredentialsError {
            try? FileManager.default.removeItem(at: draft)
            throw error
        } catch {
            try? FileManager.default.removeItem(at: draft)
            throw .file(path: place.path, reason: "the folder cannot be created")
        }
        return Profile(
            name: name, certificate: made.leaf, algorithm: algorithm, root: self.root(name))
    }

    /// A file that only the user can read, from its first byte on.
    private static func write(_ data: Data, to path: String) throws(CredentialsError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .file(path: path, reason: systemMessage(errno)) }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: data)
            try handle.synchronize()
        } catch {
            throw .file(path: path, reason: "writing failed")
        }
    }

    /// The content of a file of PEM.
    package static func read(_ path: String) throws(CredentialsError) -> Data {
        do {
            let file = try MappedFile(path)
            guard file.bytes.count <= 1 << 20 else {
                throw CredentialsError.file(path: path, reason: "larger than 1 MiB, not PEM")
            }
            return Data(file.bytes)
        } catch let error as CredentialsError {
            throw error
        } catch FileError.unreadable(_, let reason) {
            throw .file(path: path, reason: "cannot be read: \(reason)")
        } catch {
            throw .file(path: path, reason: "cannot be read")
        }
    }

    private static func isName(_ name: String) -> Bool {
        (1...40).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
