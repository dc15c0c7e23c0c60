import Gesso
import Testing

struct CatalogueTests {
    @Test(
        "A name that no model has suggests the one that is meant",
        arguments: [
            ("SD15", "sd15"), ("sd1.5", "sd15"), ("stable-diffusion-v1-5", "sd15"),
            ("sdxl-turb", "sdxl-turbo"), ("SDXL Turbo", "sdxl-turbo"),
        ])
    func nearest(name: String, meant: String) {
        #expect(Catalogue.shipped[name] == nil)
        #expect(Catalogue.shipped.nearest(to: name) == meant)
    }

    @Test func aNameOfNothingSuggestsNothing() {
        #expect(Catalogue.shipped.nearest(to: "photographs-of-cats") == nil)
    }
}
