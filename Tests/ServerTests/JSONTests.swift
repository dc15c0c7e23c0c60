import Foundation
import GessoServer
import Testing

@Suite("JSON that clients send")
struct JSONTests {
    private func order(_ body: String) throws -> Order {
        try RequestBody.txt2img.order(in: Data(body.utf8))
    }

    @Test(
        "Texts are read with all their escapes",
        arguments: [
            (#"a\"\\\/\b\f\n\r\tz"#, "a\"\\/\u{8}\u{c}\n\r\tz"),
            (#"\u0041\u00e9\u20AC"#, "A\u{e9}\u{20AC}"), (#"\ud83d\uDE00 hi"#, "\u{1F600} hi"),
            ("\u{1F600}\u{e9}", "\u{1F600}\u{e9}"), ("", ""),
        ])
    func texts(_ written: String, _ text: String) throws {
        #expect(try order(#"{"prompt": "\#(written)"}"#).prompt == text)
    }

    @Test(
        "Whole numbers are whole in every form",
        arguments: ["7", "7.0", "70e-1", "0.7E+1", " 7 ", "\"7\""])
    func wholeNumbers(_ written: String) throws {
        let order = try order(#"{"prompt": "a", "steps": \#(written)}"#)
        #expect(order.settings["steps"] == "7")
    }

    @Test("Other numbers are what they say")
    func numbers() throws {
        let order = try order(
            #"{"cfg_scale": 0.25, "seed": -0, "steps": null, "x": -1.5e300}"#)
        #expect(order.settings["guidance_scale"] == "0.25")
        #expect(order.settings["seed"] == "0")
        #expect(order.settings["steps"] == "50")
    }

    @Test("A mark of UTF-8 and blanks around values are skipped")
    func blanks() throws {
        let body = "\u{FEFF} \r\n\t{ \"prompt\" : \"a\" , \"styles\" : [ ] } "
        #expect(try order(body).prompt == "a")
    }

    @Test(
        "What is no JSON is refused",
        arguments: [
            "{", "}", "{}x", "{} {}", #"{"a"}"#, #"{"a":}"#, #"{a:1}"#, "[1,]",
            "[1 2]",
            #"{"a":01}"#, #"{"a":+1}"#, #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":1e}"#, #"{"a":-}"#,
            #"{"a":0x1}"#, #"{"a":1e999}"#, #"{"a":NaN}"#, #"{"a":tru}"#, #"{"a":nul"#,
            #"{"a":"b}"#,
            #"{"a":"\x"}"#, #"{"a":"\u12"}"#, #"{"a":"\ud83d"}"#, #"{"a":"\ud83d\u0041"}"#,
            #"{"a":"\udc00"}"#, "{\"a\":\"\n\"}", #"{"a":"\"#, "\u{0}", "{\u{a0}}",
        ])
    func refused(_ body: String) {
        #expect(throws: (any Error).self) { try order(body) }
    }

    @Test("Bytes that are not UTF-8 are refused")
    func bytes() {
        let body = Data(#"{"prompt": ""#.utf8) + [0xFF] + Data("\"}".utf8)
        #expect(throws: (any Error).self) { try RequestBody.txt2img.order(in: body) }
    }
}
