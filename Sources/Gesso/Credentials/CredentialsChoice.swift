public import Credentials
public import Foundation

/// Whether pictures are signed, with which key, and what the credentials say.
public struct CredentialsChoice: Sendable, Equatable {
    /// Whether they are signed, and with what.
    public enum Use: Sendable, Equatable {
        /// Signed once there is a key.
        case standard
        /// Not signed.
        case off
        /// Signed; that there is no key is an error.
        case on
        /// Signed with the key of that profile.
        case profile(String)
    }

    /// Whether they are signed, and with what.
    public var use = Use.standard
    /// Whether the prompts are written, which may be private.
    public var tellsPrompts = false
    /// The address of who stamps the time of signatures (RFC 3161); nil leaves it to the places.
    public var timeStamps: String?

    /// Signed once there is a key, without the prompts and time stamps.
    public init() {}

    /// The use that a word of an option or a configuration means: `on`, `off`, or the name of a profile.
    public static func use(_ word: String?) -> Use {
        switch word {
        case nil: .standard
        case "on"?: .on
        case "off"?: .off
        case let name?: .profile(name)
        }
    }
}

/// Where keys to sign pictures with are found.
public struct CredentialsPlaces: Sendable {
    /// The folder of the user's own keys; nil for none.
    public var folder: CredentialsFolder?
    /// The file of a key, which precedes the folder; nil for none.
    public var key: String?
    /// A command that signs with a key that no file has, which precedes the others; nil for none.
    public var command: String?
    /// The file with the certificates of either; nil for none.
    public var certificate: String?
    /// What holds where a job leaves open whether its pictures are signed.
    public var standard = CredentialsChoice.Use.standard
    /// The address of who stamps the time of signatures where a job names none; nil for no time stamps.
    public var timeStamps: String?
    /// The program that asks for time stamps.
    public var timeStampProgram = "gesso-hub"
    /// Whether the network may not be used.
    public var isOffline = false

    /// No keys.
    public init() {}

    /// The places that environment variables name: `GESSO_CREDENTIALS_KEY` or
    /// `GESSO_CREDENTIALS_COMMAND` with `GESSO_CREDENTIALS_CERTIFICATE`, and the folder of the user's data.
    /// `GESSO_CREDENTIALS` is `on`, `off`, or the name of a profile, `GESSO_TIMESTAMP_URL` the address of who
    /// stamps the time, and `GESSO_OFFLINE` forbids to ask there.
    ///
    /// - Parameter program: the running program's file; beside it is the one that asks.
    public init(
        environment: [String: String],
        program: URL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    ) {
        func value(_ name: String) -> String? {
            environment["GESSO_CREDENTIALS" + name].flatMap { $0.isEmpty ? nil : $0 }
        }
        folder = CredentialsFolder(environment: environment)
        (key, command, certificate) = (value("_KEY"), value("_COMMAND"), value("_CERTIFICATE"))
        standard = CredentialsChoice.use(value(""))
        timeStamps = environment["GESSO_TIMESTAMP_URL"].flatMap { $0.isEmpty ? nil : $0 }
        timeStampProgram =
            program.deletingLastPathComponent().appending(path: "gesso-hub")
            .path(percentEncoded: false)
        let offline = (environment["GESSO_OFFLINE"] ?? "").lowercased()
        isOffline = ["1", "true", "yes", "on"].contains(offline)
    }

    /// Who stamps the time; nil for no one.
    ///
    /// - Throws: `CredentialsError` for what is no address, and where the network may not be used.
    func timeStampAuthority(
        _ choice: CredentialsChoice
    ) throws(CredentialsError) -> TimeStampAuthority? {
        guard let address = choice.timeStamps ?? timeStamps else { return nil }
        let authority = try TimeStampAuthority(address, askedBy: timeStampProgram, ["time-stamp"])
        guard !isOffline else { throw .offline(address: address) }
        return authority
    }

    /// Who signs; nil where no one does.
    ///
    /// - Throws: `CredentialsError` for a key that is asked for and missing, or cannot be used.
    func signer(_ use: CredentialsChoice.Use) throws(CredentialsError) -> Signer? {
        let use = use == .standard ? standard : use
        switch use {
        case .off: return nil
        case .profile(let name):
            guard let folder else { throw .noFolder }
            return try folder.signer(name)
        case .on, .standard:
            if let signer = try signerOfEnvironment() { return signer }
            let name = CredentialsFolder.standard
            guard use == .on || folder?.holds(name) == true else { return nil }
            guard let folder else { throw .noFolder }
            return try folder.signer(name)
        }
    }

    private func signerOfEnvironment() throws(CredentialsError) -> Signer? {
        let variable = "GESSO_CREDENTIALS_"
        guard let certificate else {
            guard let set = key.map({ _ in "KEY" }) ?? command.map({ _ in "COMMAND" }) else {
                return nil
            }
            throw .incomplete(set: variable + set, missing: variable + "CERTIFICATE")
        }
        let chain = try CredentialsFolder.read(certificate)
        if let command {
            return try Signer(command: command, certificates: chain, certificatePath: certificate)
        }
        guard let key else {
            throw .incomplete(set: variable + "CERTIFICATE", missing: variable + "KEY")
        }
        return try Signer(
            key: CredentialsFolder.read(key), certificates: chain, keyPath: key,
            certificatePath: certificate)
    }
}

extension GessoError {
    init(_ error: CredentialsError) {
        let kind: Kind =
            switch error {
            case .noProfile, .badName, .badHolder, .noFolder, .incomplete, .badAddress, .offline:
                .usage
            case .profileExists: .cannotCreate
            case .file, .noProgram: .cannotRead
            case .noKey, .noCertificate, .keysDiffer, .unfit, .expired: .badData
            case .signingFailed, .noTimeStamp: .inputOutput
            }
        self.init(kind, "\(error)", remedy: nil)
    }
}
