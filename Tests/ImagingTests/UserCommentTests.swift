import Foundation
import Imaging
import Testing

/// What a photographer wrote as EXIF's user comment is not taken for settings, nor lost to them.
@Suite struct UserCommentTests {
    private static let settings = "a hill\nSteps: 20, Sampler: Euler"

    /// A block whose directory of EXIF has a user comment.
    private static func block(_ comment: String) -> [UInt8] {
        let value = Array("ASCII\0\0\0".utf8) + Array(comment.utf8)
        let main: [UInt8] = [1, 0, 0x69, 0x87, 4, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]
        let inner: [UInt8] = [
            1, 0, 0x86, 0x92, 7, 0, UInt8(value.count), 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0,
        ]
        let head: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0]
        return head + main + inner + value
    }

    private static func picture(_ comment: String, _ parameters: String?) -> Image {
        var image = noise(width: 16, height: 16, channels: 3)
        image.metadata.exif = block(comment)
        image.metadata.parameters = parameters
        return image
    }

    @Test(arguments: ImageFormat.written)
    func itStaysWithoutSettings(format: ImageFormat) throws {
        let aboutSteps = ["Steps: up to the church, Sunday: noon", "The Steps: 39, a view"]
        for comment in ["At <the> harbour", "{\"mirror\":false}"] + aboutSteps {
            let image = Self.picture(comment, nil)
            let back = try Image(decoding: image.encoded(as: format), name: "it").metadata
            #expect(back.parameters == nil && back.userComment == comment)
            #expect(back.xmp == nil && back.exifTexts.contains(comment))
        }
    }

    @Test(arguments: ImageFormat.written)
    func itMovesToMakeRoomForSettings(format: ImageFormat) throws {
        var image = Self.picture("At <the> harbour", Self.settings)
        #expect(image.metadata.losses(in: format).isEmpty)
        // The second edit keeps it, too.
        for _ in 0..<2 {
            image = try Image(decoding: image.encoded(as: format), name: "it")
            let packet = String(decoding: image.metadata.xmp ?? [], as: UTF8.self)
            #expect(image.metadata.parameters == Self.settings)
            if format == .png {
                #expect(image.metadata.userComment == "At <the> harbour" && packet.isEmpty)
            } else {
                #expect(image.metadata.userComment == nil)
                #expect(packet.contains(">At &lt;the&gt; harbour</rdf:li>"))
                #expect(packet.ranges(of: "<exif:UserComment>").count == 1)
            }
            image.samples[7] ^= 0x40
            image.metadata.parameters = Self.settings
        }
    }

    /// A packet has one user comment: a copy of EXIF's, or another.
    @Test func oneThatFindsNoRoomIsNamed() throws {
        for (comment, isKept) in [("harbour", true), ("beach", false)] {
            var image = Self.picture("harbour", Self.settings)
            image.metadata.xmp = Array(
                """
                <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description \
                exif:UserComment="\(comment)"/></rdf:RDF></x:xmpmeta>
                """.utf8)
            let note = "its user comment is left out, for the settings take its place"
            #expect(image.metadata.losses(in: .jpeg) == (isKept ? [] : [note]))
            #expect(image.metadata.losses(in: .png).isEmpty)
            let back = try Image(decoding: image.encoded(as: .jpeg), name: "it").metadata
            #expect(back.xmp == image.metadata.xmp && back.parameters == Self.settings)
        }
    }

    /// Letters beyond the Latin ones do not turn the order of the bytes around.
    @Test(arguments: ["\u{3000}", "\u{4E00}", "\u{1F600}", "\u{100}"])
    func settingsOfAnyLetters(_ letter: String) throws {
        let settings = String(repeating: letter, count: 120) + "\nSteps: 2, Sampler: Euler, Seed: 1"
        var image = noise(width: 16, height: 16, channels: 3)
        image.metadata.parameters = settings
        let back = try Image(decoding: image.encoded(as: .jpeg), name: "it").metadata
        #expect(back.parameters == settings)
    }

    @Test(arguments: [settings, "{\"c\": \"a hill\", \"steps\": 8}", " {\"prompt\": \"a hill\"}"])
    func settingsAreRead(comment: String) throws {
        let image = Self.picture(comment, nil)
        let back = try Image(decoding: image.encoded(as: .webp), name: "it").metadata
        #expect(back.parameters == comment && back.userComment == nil)
    }
}
