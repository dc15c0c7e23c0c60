import Imaging
import Testing

@Suite struct MaskTests {
    @Test func coverageIsTheMean() {
        #expect(Mask(width: 2, height: 1, values: [0, 255]).coverage == 0.5)
    }
}
