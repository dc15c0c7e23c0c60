/// What can keep a picture from being signed.
public enum CredentialsError: Error, Equatable, CustomStringConvertible {
    /// There is no profile of that name.
    case noProfile(name: String)
    /// There is a profile of that name already.
    case profileExists(name: String, path: String)
    /// A name that profiles cannot have.
    case badName(String)
    /// A holder's name that certificates cannot have.
    case badHolder(String)
    /// There is no place for keys: neither `XDG_DATA_HOME` nor `HOME` is set.
    case noFolder
    /// A file cannot be read or written.
    case file(path: String, reason: String)
    /// A file is no private key that can sign claims.
    case noKey(path: String)
    /// A file holds no certificate.
    case noCertificate(path: String)
    /// The key is not the certificate's.
    case keysDiffer(key: String, certificate: String)
    /// C2PA does not allow the certificate to sign claims.
    case unfit(path: String, reason: String)
    /// The certificate does not hold now.
    case expired(path: String, day: String)
    /// One of two variables is set without the other.
    case incomplete(set: String, missing: String)
    /// The signature could not be made.
    case signingFailed(reason: String)
    /// An address that no authority for time stamps can have.
    case badAddress(String)
    /// The network may not be used.
    case offline(address: String)
    /// The program that asks for time stamps cannot be started.
    case noProgram(String)
    /// No time stamp was granted.
    case noTimeStamp(address: String, reason: String)

    /// What, where, what to do, in one line.
    public var description: String {
        switch self {
        case .noProfile(let name):
            "no credentials '\(name.prefix(40))': make them with `gesso credentials new --profile "
                + "\(name.prefix(40))`, or see `gesso credentials list`"
        case .profileExists(let name, let path):
            "credentials '\(name)' exist already: \(path): choose another name with --profile"
        case .badName(let name):
            "'\(name.prefix(40))' cannot name credentials: use 1 to 40 letters, digits, - and _"
        case .badHolder(let name):
            "'\(name.prefix(40))' cannot be a holder's name: give 1 to 64 characters on one line"
        case .noFolder: "no folder for keys: set HOME or XDG_DATA_HOME"
        case .file(let path, let reason): "\(path): \(reason)"
        case .noKey(let path):
            "\(path): no private key for Ed25519, ECDSA on P-256 or RSA: give one as PEM without a "
                + "password"
        case .noCertificate(let path):
            "\(path): no certificate for such a key: give PEM, the signer's certificate first"
        case .keysDiffer(let key, let certificate):
            "\(certificate): not the certificate of the key \(key): give the two that belong together"
        case .unfit(let path, let reason):
            "\(path): C2PA does not allow this certificate: \(reason): use another one"
        case .expired(let path, let day):
            "\(path): the certificate does not hold today (last day \(day)): use another one"
        case .incomplete(let set, let missing):
            "\(set) is set without \(missing): set both or neither"
        case .signingFailed(let reason): "the picture cannot be signed: \(reason)"
        case .badAddress(let address):
            "'\(address.prefix(80))' is no address for time stamps: give one like http://example.org/tsa"
        case .offline(let address):
            "\(address): GESSO_OFFLINE is set: unset it for time stamps, or sign without one"
        case .noProgram(let path):
            "\(path): cannot be started, and asks for time stamps: build it with "
                + "`swift build -c release --product gesso-hub`"
        case .noTimeStamp(let address, let reason):
            "\(address): no time stamp: \(reason): try again, or sign without one"
        }
    }
}
