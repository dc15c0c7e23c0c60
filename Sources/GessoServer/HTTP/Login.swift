import Foundation

/// What a client shows to be let in.
package struct Login: Sendable {
    /// The token of `Authorization: Bearer`.
    let token: String?
    /// `user:password` of `Authorization: Basic`.
    let pair: String?

    /// - Returns: nil for nothing to show; an empty token and an empty password are nothing.
    package init?(token: String?, pair: String? = nil) {
        let token = token.flatMap { $0.isEmpty ? nil : $0 }
        let pair = pair.flatMap { Self.isPair($0) ? $0 : nil }
        guard token != nil || pair != nil else { return nil }
        (self.token, self.pair) = (token, pair)
    }

    /// Whether a text is `user:password`, neither of them empty.
    static func isPair(_ text: String) -> Bool {
        text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            .filter { !$0.isEmpty }.count == 2
    }

    /// How a client has shown it.
    enum Proof: Equatable {
        /// By a header that no page of another site can attach.
        case bearer
        /// By a header that a browser may attach unasked.
        case basic
        case none
    }

    /// What an `Authorization` line proves. The token is taken as the password of any user, too, so
    /// that clients with fields for a name and a password can give it.
    func proof(_ authorization: String?) -> Proof {
        guard let authorization else { return .none }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return .none }
        let given = parts[1].trimmingCharacters(in: .whitespaces)
        switch parts[0].lowercased() {
        case "bearer": return matches(token: given) ? .bearer : .none
        case "basic":
            guard let data = Data(base64Encoded: given) else { return .none }
            let text = String(decoding: data, as: UTF8.self)
            if let pair, isSame(pair, text) { return .basic }
            let password = text.split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false
            ).last.map(String.init)
            return password.map(matches(token:)) == true ? .basic : .none
        default: return .none
        }
    }

    /// Whether a text is the token.
    func matches(token given: String) -> Bool {
        token.map { isSame($0, given) } ?? false
    }

    /// A token that nobody can guess: 128 random bits in hexadecimal.
    package static func newToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Compares in a time that depends on the length of `given` alone.
func isSame(_ known: String, _ given: String) -> Bool {
    let (known, given) = (Array(known.utf8), Array(given.utf8))
    guard !known.isEmpty else { return false }
    var difference = known.count ^ given.count
    for (index, byte) in given.enumerated() {
        difference |= Int(byte ^ known[index % known.count])
    }
    return difference == 0
}
