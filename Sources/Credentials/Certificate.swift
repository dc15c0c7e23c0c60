import CCrypto
public import Foundation

/// An X.509 certificate.
///
/// `@unchecked Sendable`: it is never changed once it is made, and libcrypto locks what it caches in one.
public final class Certificate: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Its public key.
    let key: Key
    /// The certificate's bytes, DER.
    package let der: Data

    /// Takes over a certificate; nil where its key is of a kind that libcrypto does not know.
    init?(owning pointer: OpaquePointer) {
        guard let key = X509_get_pubkey(pointer).map(Key.init),
            let der = encoded({ i2d_X509(pointer, $0) })
        else {
            X509_free(pointer)
            return nil
        }
        (self.pointer, self.key, self.der) = (pointer, key, der)
    }

    /// The certificate that these bytes are, DER; nil for others.
    convenience init?(der: Data) {
        guard let pointer = decoded(der, { d2i_X509(nil, $0, $1) }, X509_free) else { return nil }
        self.init(owning: pointer)
    }

    deinit { X509_free(pointer) }

    /// All certificates in a PEM file, in their order.
    public static func inPEM(_ data: Data) -> [Certificate] {
        guard let file = MemoryFile(data) else { return [] }
        var found: [Certificate] = []
        while let pointer = PEM_read_bio_X509(file.pointer, nil, nil, nil) {
            if let certificate = Certificate(owning: pointer) { found.append(certificate) }
        }
        ERR_clear_error()
        return found
    }

    /// The certificate as PEM.
    var pem: Data? {
        MemoryFile().flatMap { PEM_write_bio_X509($0.pointer, pointer) == 1 ? $0.content : nil }
    }

    /// The organization that it was made out to, or where it names none the common name; empty where it
    /// has neither.
    public var holder: String {
        Self.text(X509_get_subject_name(pointer), NID_organizationName)
            ?? Self.text(X509_get_subject_name(pointer), NID_commonName) ?? ""
    }

    /// The last day on which it holds, as `2036-11-25`.
    public var lastDay: String {
        var time = tm()
        guard ASN1_TIME_to_tm(X509_get0_notAfter(pointer), &time) == 1 else { return "" }
        func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(1900 + Int(time.tm_year))-\(padded(time.tm_mon + 1))-\(padded(time.tm_mday))"
    }

    /// Whether it is an authority's, made by itself.
    var isRoot: Bool {
        X509_check_ca(pointer) == 1
            && X509_NAME_cmp(X509_get_subject_name(pointer), X509_get_issuer_name(pointer)) == 0
    }

    /// Whether it holds at a time.
    func isInsideValidity(at time: Date = Date()) -> Bool {
        var seconds = time_t(time.timeIntervalSince1970)
        return X509_cmp_time(X509_get0_notBefore(pointer), &seconds) < 0
            && X509_cmp_time(X509_get0_notAfter(pointer), &seconds) > 0
    }

    private static func text(_ name: OpaquePointer?, _ kind: Int32) -> String? {
        let place = X509_NAME_get_index_by_NID(name, kind, -1)
        guard place >= 0,
            let value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, place))
        else { return nil }
        var text: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&text, value)
        guard count >= 0, let text else { return nil }
        defer { CRYPTO_free(text, nil, 0) }
        return String(
            decoding: UnsafeBufferPointer(start: text, count: Int(count)), as: UTF8.self)
    }
}

extension Certificate {
    /// What keeps it from signing claims under C2PA's certificate profile (specification 2.2, 14.5.1);
    /// nil where nothing does. That it holds now is another question.
    var unfitness: String? {
        let flags = X509_get_extension_flags(pointer)
        let usage = X509_get_key_usage(pointer)
        let uses = extendedKeyUsages
        if X509_get_version(pointer) != 2 { return "it is not of version 3" }
        if flags & UInt32(EXFLAG_INVALID) != 0 { return "its extensions are broken" }
        if flags & UInt32(EXFLAG_CRITICAL) != 0 {
            return "it has a critical extension that is not known"
        }
        if !Self.signatures.contains(X509_get_signature_nid(pointer)) {
            return "it is signed in a way that C2PA does not allow"
        }
        if let reason = keyUnfitness { return reason }
        if hasUniqueIdentifier { return "it has unique identifiers" }
        if X509_check_ca(pointer) == 1 { return "it is an authority's, not a signer's" }
        if X509_get0_authority_key_id(pointer) == nil { return "it does not name its issuer's key" }
        // Without the extension libcrypto says that every use is allowed.
        if usage == .max || usage & UInt32(KU_DIGITAL_SIGNATURE) == 0 {
            return "its key is not for digital signatures"
        }
        if usage & UInt32(KU_KEY_CERT_SIGN) != 0 { return "its key is for signing certificates" }
        if uses.contains("2.5.29.37.0") { return "its key is for any purpose" }
        if Set(uses).isDisjoint(with: Self.purposes) {
            return "its key is not for documents, e-mail or C2PA claims"
        }
        return nil
    }

    /// Signatures of certificates that the profile allows.
    private static let signatures: Set<Int32> = [
        NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption, NID_sha512WithRSAEncryption,
        NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384, NID_ecdsa_with_SHA512, NID_rsassaPss,
        NID_ED25519,
    ]

    /// Purposes that let a key sign claims: e-mail, documents, C2PA's own, and Microsoft's for C2PA.
    private static let purposes = [
        "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.62558.2.1",
        "1.3.6.1.4.1.311.76.59.1.9",
    ]

    private var keyUnfitness: String? {
        switch key.type {
        case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS:
            EVP_PKEY_get_bits(key.pointer) < 2048 ? "its key is shorter than 2048 bits" : nil
        case EVP_PKEY_EC:
            ["prime256v1", "secp384r1", "secp521r1"].contains(curve)
                ? nil : "its key is on a curve that C2PA does not allow"
        case EVP_PKEY_ED25519: nil
        default: "its key is of a kind that C2PA does not allow"
        }
    }

    private var curve: String {
        var name = [CChar](repeating: 0, count: 80)
        var count = 0
        guard EVP_PKEY_get_group_name(key.pointer, &name, name.count, &count) == 1 else {
            return ""
        }
        return String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private var hasUniqueIdentifier: Bool {
        var issuer: UnsafePointer<ASN1_BIT_STRING>?
        var subject: UnsafePointer<ASN1_BIT_STRING>?
        X509_get0_uids(pointer, &issuer, &subject)
        return issuer != nil || subject != nil
    }

    /// The object identifiers of the extended key usage.
    private var extendedKeyUsages: [String] {
        guard let list = X509_get_ext_d2i(pointer, NID_ext_key_usage, nil, nil) else { return [] }
        let stack = OpaquePointer(list)
        defer { EXTENDED_KEY_USAGE_free(stack) }
        return (0..<OPENSSL_sk_num(stack)).compactMap { place in
            guard let object = OPENSSL_sk_value(stack, place) else { return nil }
            var text = [CChar](repeating: 0, count: 128)
            let count = OBJ_obj2txt(&text, Int32(text.count), OpaquePointer(object), 1)
            guard count > 0, count < text.count else { return nil }
            return String(
                decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// What chains may end in, as of a time; the caller frees it. Nil only where libcrypto fails.
    static func store(of anchors: [Certificate], at time: Date) -> OpaquePointer? {
        guard let store = X509_STORE_new() else { return nil }
        for anchor in anchors { X509_STORE_add_cert(store, anchor.pointer) }
        // An anchor need not be a root.
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        X509_VERIFY_PARAM_set_time(
            X509_STORE_get0_param(store), time_t(time.timeIntervalSince1970))
        return store
    }

    /// Whether a chain leads from this certificate to one of the anchors, and holds at a time.
    ///
    /// - Parameter others: the certificates between them, in any order.
    func isTrusted(
        by anchors: [Certificate], through others: [Certificate], at time: Date = Date()
    ) -> Bool {
        guard !anchors.isEmpty, let store = Self.store(of: anchors, at: time),
            let context = X509_STORE_CTX_new(),
            let between = OPENSSL_sk_new_null()
        else { return false }
        defer {
            X509_STORE_CTX_free(context)
            X509_STORE_free(store)
            OPENSSL_sk_free(between)
        }
        for other in others { OPENSSL_sk_push(between, UnsafeRawPointer(other.pointer)) }
        guard X509_STORE_CTX_init(context, store, pointer, between) == 1 else { return false }
        defer { ERR_clear_error() }
        return X509_verify_cert(context) == 1
    }
}
