import Editing
import Imaging
import Testing

@Suite struct WatermarkWordsTests {
    @Test func wordsSayWhatIsAskedFor() {
        #expect(Watermark("") == .none)
        #expect(Watermark("off") == .none)
        #expect(Watermark("dwtDctSvd:") == .none)
        #expect(Watermark("on") == .mark)
        #expect(Watermark("me") == .text(Array("me".utf8), .dwtDct))
        #expect(Watermark("dwtDct:on") == .text(Array("on".utf8), .dwtDct))
        #expect(Watermark("dwtDctSvd:Jane: 1") == .text(Array("Jane: 1".utf8), .dwtDctSvd))
    }
}
