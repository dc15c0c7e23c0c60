import Recipes
import Testing

@Suite struct ControlChoiceTests {
    @Test(arguments: [
        ("net", "net:1"), ("net=canny", "net=canny:1"), ("net:0.5", "net:0.5"),
        ("a b=my map.png:2@0.25-0.75", "a b=my map.png:2@0.25-0.75"),
        ("net@0-1", "net:1"), (" net = map.png ", "net=map.png:1"),
        ("me@home/net", "me@home/net:1"), ("net:0.5:prompt", "net:0.5:prompt"),
        ("net:guess@0-0.5", "net:1:guess@0-0.5"), ("net=canny(50,150):2", "net=canny(50,150):2"),
        ("net:second", "net:1:second"), ("net:0.5:prompt:first", "net:0.5:prompt:first"),
        ("net:first:prompt", "net:1:prompt:first"),
        ("net:within=my mask.png", "net:1:within=my mask.png"),
        (
            "net=a/b.png:2:within=m.png:hides= h.png @0.5-1",
            "net=a/b.png:2:hides=h.png:within=m.png@0.5-1"
        ),
        ("net:first:1", "net:1:first"), ("net:within=a:1", "net:1:within=a"),
        // What is there twice belongs to the name.
        ("net:1:0.5", "net:1:0.5"), ("net:first:second", "net:first:1:second"),
    ])
    func isWrittenAsItIsRead(_ text: String, _ written: String) throws {
        let choice = try #require(ControlChoice(text))
        #expect(choice.description == written)
        #expect(ControlChoice(written) == choice)
    }

    @Test(arguments: [
        "", "=canny", "net=", "net:11", "net:-1", "net@0.5-0.2", "net@0-1.5", "a;b",
        "net:within=", "net:hides=:1:first",
    ])
    func isRefused(_ text: String) {
        #expect(ControlChoice(text) == nil)
    }

    @Test(arguments: [
        ("control_v11p_sd15_canny", "canny"), ("models/t_inpaint", "surroundings"),
        ("f1e_sd15_Tile", "picture"), ("depth", nil), ("canny=picture", "picture"),
    ])
    func readsWhatItsNameSays(_ text: String, _ reading: String?) {
        #expect(ControlChoice(text)?.reading == reading)
    }

    @Test func filesOfOthersLeadNowhereElse() throws {
        for value in [
            "net=/etc/x.png", "../net", "net=a/../../b.png", "net:within=/etc/x.png",
            "net=a.png:hides=../x.png",
        ] {
            #expect(throws: RecipeError.self) {
                _ = try Recipe(
                    .imageToImage,
                    presets: [Preset(Array("prompt: x\ncontrol: \"\(value)\"".utf8), path: "x")],
                    settings: [])
            }
        }
    }
}
