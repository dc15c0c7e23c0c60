import Gesso

/// Pictures for the tests.
enum Drawing {
    /// Brighter from left to right.
    static func picture(_ width: Int, _ height: Int) -> Image {
        Image(
            width: width, height: height, channels: 3,
            samples: (0..<width * height * 3).map { UInt16($0 / 3 % width * 255 / width) })
    }
}
