import ArgumentParser
import Foundation
import Gesso
import Terminal

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that nothing outside a mask has changed, or Content Credentials.",
        usage: """
            gesso verify <source> <result> --mask <mask> [<options>]
            gesso verify <file> --credentials [--trust <file>] [<options>]
            """,
        discussion: """
            Examples:
              gesso verify photo.png edited.png --mask mask.png --mask-grow 8
              gesso verify edited.jpg --credentials --trust root.pem

            The mask is given as for `inpaint`; `gesso mask` writes one that was blurred.
            A pixel is outside where it is black, value 0, or below --mask-threshold.
            Samples are compared exactly, those of 16 bits and alpha included. Exits with
            0 if all are the same, with 1 if any differs.

            A JPEG that was written over its source keeps the blocks that the mask does
            not touch. These blocks are compared, and the pixels that are more than one
            pixel away from all other blocks.

            With --credentials the file's Content Credentials are checked: its hash,
            every signature, time stamp and certificate, and the chain of pictures that
            it was made from. Exits with 1 if there are none or anything is wrong. A time
            stamp counts if --trust has the certificate of its authority, too.
            """)

    @Argument(help: "The picture before the edit; - is standard input.", completion: .file())
    var source: String

    @Argument(help: "The picture after it.", completion: .file())
    var result: String?

    @OptionGroup var mask: MaskShapeOptions

    @Flag(help: "Check the Content Credentials of one file.")
    var credentials = false

    @Option(
        help: ArgumentHelp(
            "Certificates, PEM, of which the signer must have one or a descendant.",
            valueName: "file"),
        completion: .file(extensions: ["pem"]))
    var trust: String?

    @Flag(help: "Print a JSON document.")
    var json = false

    @OptionGroup var messages: MessageOptions

    mutating func validate() throws {
        if credentials {
            guard result == nil, mask.masks.isEmpty, mask.settings.isEmpty else {
                throw ValidationError("--credentials takes one file and no mask")
            }
            return
        }
        if trust != nil { throw ValidationError("--trust has no effect without --credentials") }
        guard let result else {
            throw ValidationError(
                "missing expected argument '<result>', or --credentials to check one file")
        }
        if mask.masks.isEmpty {
            throw ValidationError("Missing expected argument '--mask <mask> ...'")
        }
        try mask.checkPaths(beside: source, result)
    }

    private struct Document: Encodable {
        let schema = "gesso.verify/1"
        let verified: Bool
        let outside: MaskProof
    }

    func run() throws {
        guard let result else { return try checkCredentials() }
        try Editor.withThreads(nil) { try checkPixels(of: result) }
    }

    private func checkPixels(of result: String) throws {
        let pair = try PicturePair(source, result)
        let proof = try MaskProof(
            pair.first, pair.second, data: pair.secondData, outside: pair.mask(mask))
        try Console.result(
            json ? JSON.text(Document(verified: proof.holds, outside: proof)) : proof.line)
        guard proof.holds else { throw Verdict.different }
    }

    private func checkCredentials() throws {
        let anchors = try trust.map { path in
            let file = try FilePath.file(path, orFailWith: .cannotRead)
            let anchors = Certificate.inPEM(
                try CredentialsFolder.read(file.path(percentEncoded: false)))
            guard !anchors.isEmpty else {
                throw Failure(
                    .badData, "no certificate", at: path, do: "give a file of certificates in PEM")
            }
            return anchors
        }
        let data = try Input.bytes(source)
        guard ImageFormat(sniffing: data) != nil else {
            // The error that says what it is instead.
            _ = try Image(decoding: data, name: Input.name(source))
            return
        }
        let check = CredentialsCheck(data, anchors: anchors)
        try Console.result(
            json
                ? JSON.text(check.document)
                : "credentials: "
                    + check.lines.map { $0.escapingControls() }.joined(separator: "\n"))
        guard check.holds else { throw Verdict.different }
    }
}
