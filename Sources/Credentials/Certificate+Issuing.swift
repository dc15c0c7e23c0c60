import CCrypto
import Foundation

extension Certificate {
    /// A new key with its certificate, and the root that this was made by, under C2PA's certificate
    /// profile. The root's own key is not kept: nothing else can be made in its name.
    ///
    /// - Parameter holder: whose key it is, 1 to 64 characters, as readers will show it.
    /// - Returns: nil only where libcrypto fails.
    static func issued(
        to holder: String, _ algorithm: SigningAlgorithm, years: Int
    ) -> (key: Key, leaf: Certificate, root: Certificate)? {
        guard let rootKey = Key.generated(algorithm), let key = Key.generated(algorithm) else {
            return nil
        }
        let rootName = [(NID_organizationName, holder), (NID_commonName, rootCommonName(holder))]
        let root = signed(
            by: rootKey, issuer: nil, subject: rootName, rootKey, years: years,
            [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
                (NID_authority_key_identifier, "keyid:always"),
            ])
        guard let root else { return nil }
        let leaf = signed(
            by: rootKey, issuer: root,
            subject: [(NID_organizationName, holder), (NID_commonName, holder)], key, years: years,
            [
                (NID_basic_constraints, "critical,CA:FALSE"),
                (NID_key_usage, "critical,digitalSignature"),
                // C2PA's own purpose, and e-mail, which older readers know.
                (NID_ext_key_usage, "critical,emailProtection,1.3.6.1.4.1.62558.2.1"),
                (NID_subject_key_identifier, "hash"),
                (NID_authority_key_identifier, "keyid:always"),
            ])
        return leaf.map { (key, $0, root) }
    }

    /// A common name has 64 characters at the most (RFC 5280, appendix A.1).
    private static func rootCommonName(_ holder: String) -> String {
        String(String.UnicodeScalarView(holder.unicodeScalars.prefix(50))) + " (root)"
    }

    private static func signed(
        by signer: Key, issuer: Certificate?, subject: [(Int32, String)], _ key: Key, years: Int,
        _ extensions: [(Int32, String)]
    ) -> Certificate? {
        guard let certificate = X509_new() else { return nil }
        var isDone = false
        defer { if !isDone { X509_free(certificate) } }
        let name = X509_get_subject_name(certificate)
        for (kind, text) in subject {
            let added = X509_NAME_add_entry_by_NID(
                name, kind, MBSTRING_UTF8, Array(text.utf8), Int32(text.utf8.count), -1, 0)
            guard added == 1 else { return nil }
        }
        let issuerName = issuer.map { X509_get_subject_name($0.pointer) } ?? name
        // A day earlier, so that a clock which is behind does not make it invalid.
        let days = 365 * years + years / 4
        guard X509_set_version(certificate, 2) == 1, setSerial(of: certificate),
            X509_set_issuer_name(certificate, issuerName) == 1,
            X509_gmtime_adj(X509_getm_notBefore(certificate), -86_400) != nil,
            X509_time_adj_ex(X509_getm_notAfter(certificate), Int32(days), 0, nil) != nil,
            X509_set_pubkey(certificate, key.pointer) == 1
        else { return nil }
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer?.pointer ?? certificate, certificate, nil, nil, 0)
        for (kind, value) in extensions {
            guard let made = X509V3_EXT_conf_nid(nil, &context, kind, value) else { return nil }
            defer { X509_EXTENSION_free(made) }
            guard X509_add_ext(certificate, made, -1) == 1 else { return nil }
        }
        let digest = signer.type == EVP_PKEY_ED25519 ? nil : EVP_sha256()
        guard X509_sign(certificate, signer.pointer, digest) > 0 else { return nil }
        isDone = true
        return Certificate(owning: certificate)
    }

    /// 127 random bits, positive and not zero.
    private static func setSerial(of certificate: OpaquePointer) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&bytes, Int32(bytes.count)) == 1 else { return false }
        bytes[0] = bytes[0] & 0x7F | 0x40
        let number = BN_bin2bn(bytes, Int32(bytes.count), nil)
        defer { BN_free(number) }
        return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
    }
}
