public import Foundation

/// What came of checking the credentials of a file, in the terms of the specification (2.2, 15.2).
public struct CredentialsReport: Sendable {
    /// The verdict on all of them.
    public enum State: String, Sendable, Encodable {
        /// All is in order, and the signer is among those that are trusted.
        case trusted
        /// All is in order; who signed is not known.
        case valid
        /// Something is not in order.
        case invalid
    }

    /// A finding.
    public struct Status: Sendable, Hashable, Encodable {
        /// What a finding means for the verdict.
        public enum Kind: String, Sendable, Encodable {
            /// It speaks for it.
            case success
            /// It has no part in it.
            case informational
            /// It speaks against it.
            case failure
        }

        /// The specification's code.
        public let code: String
        /// What it is about.
        public let url: String
        /// What it means for the verdict.
        public let kind: Kind
        /// The same in words; nil where the code says it.
        public let explanation: String?

        var value: CBOR {
            .object([
                "code": .text(code), "url": .text(url),
                "explanation": explanation.map { .text($0) },
            ])
        }

        /// That the signer is not known makes nothing invalid.
        var isTolerated: Bool { code == "signingCredential.untrusted" }
    }

    /// What was found about an ingredient beside what its assertion says already.
    public struct Delta: Sendable {
        /// The URI of its assertion.
        public let assertion: String
        /// The findings.
        public let findings: [Status]
    }

    /// The manifests.
    let store: ManifestStore
    /// What was found about the file and its manifest.
    public let findings: [Status]
    /// What was found about the ingredients.
    public let deltas: [Delta]
    /// The time stamps that are in order, by the names of the manifests that have them.
    let timeStamps: [String: TimeStamp]

    /// The active manifest's name.
    public var label: String { store.label }

    /// The name of the manifest that such a mark in the pixels leads to (`c2pa.soft-binding`); nil where
    /// it leads to none of these.
    public func manifest(named value: Data, by algorithm: String) -> String? {
        store.manifests.last { manifest in
            manifest.assertions(named: "c2pa.soft-binding").contains { box in
                box.value?["alg"]?.text == algorithm
                    && (box.value?["blocks"]?.array ?? []).contains { $0["value"]?.bytes == value }
            }
        }?.label
    }

    /// The verdict.
    public var state: State {
        let all = findings + deltas.flatMap(\.findings)
        let failures = all.filter { $0.kind == .failure }
        let codes = Set(findings.map(\.code))
        guard failures.allSatisfy(\.isTolerated),
            codes.isSuperset(of: ["claimSignature.validated", "claimSignature.insideValidity"])
        else { return .invalid }
        return failures.isEmpty && codes.contains("signingCredential.trusted") ? .trusted : .valid
    }

    /// What speaks against it.
    public var failures: [Status] {
        (findings + deltas.flatMap(\.findings)).filter { $0.kind == .failure && !$0.isTolerated }
    }

    /// The results as an ingredient's assertion keeps them.
    var value: CBOR {
        .object([
            "activeManifest": Self.value(of: findings),
            "ingredientDeltas": deltas.isEmpty
                ? nil
                : .array(
                    deltas.map { delta in
                        .object([
                            "ingredientAssertionURI": .text(delta.assertion),
                            "validationDeltas": Self.value(of: delta.findings),
                        ])
                    }),
        ])
    }

    private static func value(of findings: [Status]) -> CBOR {
        func list(_ kind: Status.Kind) -> CBOR {
            .array(findings.filter { $0.kind == kind }.map(\.value))
        }
        return .object([
            "success": list(.success), "informational": list(.informational),
            "failure": list(.failure),
        ])
    }
}
