import Credentials
import Foundation
import Imaging
import Testing

/// Stores that are written here are read here; that others read them shows `Scripts/try-credentials`.
@Suite struct StoreTests {
    static func picture(_ shade: UInt16 = 90) -> Image {
        Image(
            width: 24, height: 16, channels: 3,
            samples: (0..<24 * 16 * 3).map { UInt16($0 * 37 % 200) + shade / 4 })
    }

    /// Those that take credentials.
    static let formats = ImageFormat.written.filter { format in
        (try? picture().checkEncodable(as: format)) != nil
    }

    static let created = Action(
        .created, digitalSourceType: DigitalSourceType.trainedAlgorithmicMedia.rawValue)

    static func draft(_ number: UInt8 = 1) -> ManifestDraft {
        var draft = ManifestDraft(
            Action.Agent("Gesso", version: "1"), identity: UUID(hash: Data([number])))
        draft.actions = [created]
        return draft
    }

    static func signed(
        _ draft: ManifestDraft, _ file: Data, _ format: ImageFormat, _ signer: Signer
    ) throws -> Data {
        let place = ManifestPlace(in: file, format)
        let store = try draft.store(signedBy: signer) { bytes in
            let around = place.around(bytes)
            return ManifestDraft.Frame(
                before: around.before, length: around.length, after: around.after,
                isOfBoxes: place.isOfBoxes)
        }
        return place.file(with: store)
    }

    static func report(_ file: Data, _ anchors: [Certificate] = []) -> CredentialsReport? {
        guard let embedded = EmbeddedManifest(in: file),
            let store = ManifestStore(decoding: embedded.store)
        else { return nil }
        return store.validated(in: file, at: embedded.blocks, trusting: anchors)
    }

    @Test(arguments: formats, SigningAlgorithm.ownKeys)
    func whatIsSignedIsValid(_ format: ImageFormat, _ algorithm: SigningAlgorithm) throws {
        let (signer, root) = try Keys.signer(algorithm)
        let file = try Self.picture().encoded(as: format)
        let signed = try Self.signed(Self.draft(), file, format, signer)
        #expect(Self.report(signed)?.state == .valid)
        let trusted = try #require(Self.report(signed, [root]))
        #expect(trusted.state == .trusted)
        #expect(trusted.failures.isEmpty)
        #expect(trusted.label == Self.draft().label)
        #expect(trusted.history.first?.signer == "Jane Doe")
        // The pixels and all else are those of the file without.
        let first = try Image(decoding: file, name: "it")
        let second = try Image(decoding: signed, name: "it")
        #expect(first.samples == second.samples)
        #expect(second.metadata.warnings.isEmpty)
    }

    /// Ed25519 signs the same bytes the same way; the others draw a number for each signature.
    @Test func theSameInputsGiveTheSameBytes() throws {
        let file = try Self.picture().encoded(as: .png)
        for algorithm in SigningAlgorithm.ownKeys {
            let signer = try Keys.signer(algorithm).signer
            let (first, second) = (
                try Self.signed(Self.draft(), file, .png, signer),
                try Self.signed(Self.draft(), file, .png, signer)
            )
            #expect((first == second) == (algorithm == .ed25519))
            #expect(first.count == second.count)
        }
    }

    /// A picture of a picture of a picture, and one that steered it.
    @Test(arguments: formats) func chainsAreKept(_ format: ImageFormat) throws {
        let (signer, root) = try Keys.signer()
        var file = try Self.picture().encoded(as: format)
        let other = try Self.signed(Self.draft(99), file, format, signer)
        file = try Self.signed(Self.draft(0), file, format, signer)
        for number in UInt8(1)...3 {
            var draft = Self.draft(number)
            draft.ingredients = [
                Ingredient(
                    .parentOf, title: "step \(number - 1)", mediaType: "image/png",
                    hash: Data([number]), provenance: Self.report(file)),
                Ingredient(
                    .inputTo, title: "other", mediaType: "image/png", hash: Data([9]),
                    provenance: number == 3 ? Self.report(other) : nil),
            ]
            var (opened, edited) = (Action(.opened), Action(.edited))
            opened.ingredients = [0]
            edited.ingredients = [1]
            edited.regions = [Action.Region(x: 1, y: 2, width: 3, height: 4)]
            draft.actions = [opened, edited]
            let plain = try Self.picture(UInt16(number)).encoded(as: format)
            file = try Self.signed(draft, plain, format, signer)
        }
        let report = try #require(Self.report(file, [root]))
        #expect(report.state == .trusted)
        let history = report.history
        #expect(history.map(\.depth) == [0, 1, 2, 3, 3, 2, 1])
        #expect(history.compactMap(\.title).contains("step 0"))
        #expect(history[0].actions.contains("edited (3x4 pixels at 1,2)"))
        #expect(history.count(where: { $0.manifest != nil }) == 5)
    }

    /// More than one APP11 marker.
    @Test func largeStoresArePartedInAJPEG() throws {
        let (signer, root) = try Keys.signer()
        var draft = Self.draft()
        draft.actions[0].description = String(repeating: "long ", count: 40_000)
        let file = try Self.picture().encoded(as: .jpeg)
        let signed = try Self.signed(draft, file, .jpeg, signer)
        #expect(signed.count > file.count + 200_000)
        #expect(Self.report(signed, [root])?.state == .trusted)
        _ = try Image(decoding: signed, name: "it")
    }

    /// What was broken before it was opened is told, and is no fault of the result.
    @Test func aBrokenSourceIsRecorded() throws {
        let (signer, root) = try Keys.signer()
        var source = try Self.signed(
            Self.draft(), Self.picture().encoded(as: .png), .png, signer)
        source[source.count - 20] ^= 1
        let provenance = try #require(Self.report(source))
        #expect(provenance.state == .invalid)
        var draft = Self.draft(2)
        draft.ingredients = [
            Ingredient(
                .parentOf, title: nil, mediaType: "image/png", hash: Data(),
                provenance: provenance)
        ]
        var opened = Action(.opened)
        opened.ingredients = [0]
        draft.actions = [opened]
        let signed = try Self.signed(
            draft, Self.picture().encoded(as: .png), .png, signer)
        let report = try #require(Self.report(signed, [root]))
        #expect(report.state == .trusted)
        #expect(report.history.count == 2)
        #expect(
            report.history[1].remarks == [
                "when it was opened, the file was changed after it was signed (c2pa.hash.data)"
            ])
    }

    /// Every byte counts: what is signed, and what says where.
    @Test(arguments: formats) func noByteCanBeChanged(_ format: ImageFormat) throws {
        let (signer, root) = try Keys.signer()
        let signed = try Self.signed(
            Self.draft(), Self.picture().encoded(as: format), format, signer)
        for position in signed.indices {
            var changed = signed
            changed[position] ^= 0x11
            // What is no file of its kind any more, or has no store, is no valid one either.
            let state = Self.report(changed, [root])?.state
            #expect(
                state != .trusted || Self.isOutside(position, signed),
                "byte \(position) of \(signed.count)")
        }
    }

    /// Bytes that no one reads: the checksum of the chunk itself, numbers of the markers, and in an AVIF
    /// those that the specification leaves out: the first box, and a position for other kinds of hashes.
    private static func isOutside(_ position: Int, _ signed: Data) -> Bool {
        guard let blocks = EmbeddedManifest(in: signed)?.blocks else { return false }
        switch ImageFormat(sniffing: signed) {
        case .png: return position >= blocks.upperBound - 4 && position < blocks.upperBound
        case .jpeg: return (blocks.lowerBound + 6..<blocks.lowerBound + 12).contains(position)
        case .avif:
            let number = blocks.lowerBound + 37
            return position < blocks.lowerBound || (number..<number + 8).contains(position)
        default: return false
        }
    }

    /// Whatever the bytes, reading ends, and says no.
    @Test func damageEndsInAVerdict() throws {
        let (signer, root) = try Keys.signer()
        let file = try Self.signed(
            Self.draft(), Self.picture().encoded(as: .png), .png, signer)
        let embedded = try #require(EmbeddedManifest(in: file))
        var random = SystemRandomNumberGenerator()
        for round in 0..<2000 {
            var store = Data(embedded.store)
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                store[Int.random(in: 0..<store.count, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            if round % 3 == 0 { store = store.prefix(Int.random(in: 0..<store.count)) }
            let read = ManifestStore(decoding: store)
            let report = read?.validated(in: file, at: embedded.blocks, trusting: [root])
            #expect(report?.state != .trusted || store == embedded.store)
            _ = report?.history
        }
    }

    @Test func aCommandSigns() throws {
        try Keys.inFolder { folder in
            let profile = try folder.create("one", holder: "Jane Doe", .ed25519)
            let key = folder.url.appending(path: "one/key.pem").path
            let chain = try Data(
                contentsOf: folder.url.appending(path: "one/certificate.pem"))
            func signer(_ command: String) throws -> Signer {
                try Signer(command: command, certificates: chain, certificatePath: "c")
            }
            let file = try Self.picture().encoded(as: .png)
            // OpenSSL's own tool takes a file only for Ed25519.
            let command =
                "t=$(mktemp) && cat >$t && openssl pkeyutl -sign -rawin -inkey '\(key)' -in $t; rm $t"
            let signed = try Self.signed(Self.draft(), file, .png, signer(command))
            let root = Certificate.inPEM(try Data(contentsOf: profile.root))
            #expect(Self.report(signed, root)?.state == .trusted)
            for bad in ["false", "cat >/dev/null", "head -c 64 /dev/zero", "/none/such"] {
                #expect(throws: CredentialsError.self) {
                    try Self.signed(Self.draft(), file, .png, signer(bad))
                }
            }
        }
    }
}
