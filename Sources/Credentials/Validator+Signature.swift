import Foundation

extension Validator {
    /// Checks who signed a manifest, when, and whether it is what was signed.
    mutating func checkSignature(_ manifest: Manifest) {
        let url = manifest.signatureURL
        let path = manifest.claim["signature"]?.text.flatMap(BoxPath.init)
        guard manifest.signatureBox != nil, let path, path.labels == ["c2pa.signature"],
            path.manifest == nil || path.manifest == manifest.label
        else { return note(.failure, "claimSignature.missing", url) }
        guard let signature = manifest.signature else {
            return note(.failure, "claimSignature.mismatch", url, "it is no COSE signature")
        }
        guard signature.algorithm != nil else {
            return note(.failure, "algorithm.unsupported", url)
        }
        guard let signer = signature.chain.first else {
            return note(.failure, "signingCredential.invalid", url, "it has no certificate")
        }
        let stamp = checkTimeStamp(manifest, signature)
        // A time that nobody trusted confirms is none.
        let time = stamp.flatMap { $0.isTrusted ? $0.time : nil } ?? Date()
        if let reason = signer.unfitness {
            note(.failure, "signingCredential.invalid", url, reason)
        } else if !signer.isInsideValidity(at: time) {
            note(
                .failure, "signingCredential.expired", url,
                stamp.map {
                    $0.isTrusted
                        ? "it did not hold when it signed" : "who stamped the time is not trusted"
                })
        } else {
            note(.success, "claimSignature.insideValidity", url)
        }
        if signer.isTrusted(by: anchors, through: Array(signature.chain.dropFirst()), at: time) {
            note(.success, "signingCredential.trusted", url)
        } else {
            note(.failure, "signingCredential.untrusted", url)
        }
        if signature.holds(for: manifest.claimBytes) {
            note(.success, "claimSignature.validated", url)
        } else {
            note(.failure, "claimSignature.mismatch", url)
        }
    }

    /// Checks the time stamp of a signature. One that is not in order counts as none (specification 2.2,
    /// 15.8).
    ///
    /// - Returns: nil where there is none that is in order.
    private mutating func checkTimeStamp(
        _ manifest: Manifest, _ signature: SignedClaim
    ) -> TimeStamp? {
        guard let stored = signature.timeStamp else { return nil }
        let url = manifest.signatureURL
        do {
            guard let bytes = stored.bytes else { throw TimeStamp.Fault.malformed }
            let message = stored.message(
                manifest.claimBytes, signature.protected, signature.signature)
            let stamp = try TimeStamp(checking: bytes, of: message, trusting: anchors)
            note(.success, "timeStamp.validated", url)
            note(
                stamp.isTrusted ? .success : .informational,
                stamp.isTrusted ? "timeStamp.trusted" : "timeStamp.untrusted", url)
            timeStamps[manifest.label] = stamp
            return stamp
        } catch let fault as TimeStamp.Fault {
            note(.informational, fault.rawValue, url)
        } catch {
            note(.informational, TimeStamp.Fault.malformed.rawValue, url)
        }
        return nil
    }
}
