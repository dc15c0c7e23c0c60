import Recipes
import Testing

@Suite struct ControlChoiceTests {
    @Test(arguments: [
        ("net", "net:1"), ("net=canny", "net=canny:1"), ("net:0.5", "net:0.5"),
        ("a b=my map.png:2@0.25-0.75", "a b=my map.png:2@0.25-0.75"),
        ("net@0-1", "net:1"), (" net = map.png ", "net=map.png:1"),
        ("me@home/net", "me@home/net:1"), ("net:0.5:prompt", "net:0.5:prompt"),
        ("net:guess@0-0.5", "net:1:guess@0-0.5"), ("net=canny(50,150):2", "net=canny(50,150):2"),
    ])
    func isWrittenAsItIsRead(_ text: String, _ written: String) throws {
        let choice = try #require(ControlChoice(text))
        #expect(choice.description == written)
        #expect(ControlChoice(written) == choice)
    }

    @Test(arguments: ["", "=canny", "net=", "net:11", "net:-1", "net@0.5-0.2", "net@0-1.5", "a;b"])
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
        for value in ["net=/etc/x.png", "../net", "net=a/../../b.png"] {
            #expect(throws: RecipeError.self) {
                _ = try Recipe(
                    .imageToImage,
                    presets: [Preset(Array("prompt: x\ncontrol: \"\(value)\"".utf8), path: "x")],
                    settings: [])
            }
        }
    }
}
