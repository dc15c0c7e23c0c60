import Glibc

/// Colours as CIE 1976 L*a*b* under D65, from and to sRGB (IEC 61966-2-1). L is 0...100; the fourth
/// number is 0.
typealias LabColor = SIMD4<Float>

/// Linear light of each sRGB byte.
private let linearLight: [Float] = (0...255).map { byte in
    let value = Float(byte) / 255
    return value <= 0.04045 ? value / 12.92 : powf((value + 0.055) / 1.055, 2.4)
}

/// The white of D65, for a unit of light in each channel.
private let white = SIMD4<Float>(0.95047, 1, 1.08883, 1)

/// L*a*b* of an sRGB colour, a byte each.
func labColor(red: UInt8, green: UInt8, blue: UInt8) -> LabColor {
    let light = (linearLight[Int(red)], linearLight[Int(green)], linearLight[Int(blue)])
    let x = 0.4124564 * light.0 + 0.3575761 * light.1 + 0.1804375 * light.2
    let y = 0.2126729 * light.0 + 0.7151522 * light.1 + 0.0721750 * light.2
    let z = 0.0193339 * light.0 + 0.1191920 * light.1 + 0.9503041 * light.2
    func root(_ t: Float) -> Float { t > 216 / 24389 ? cbrtf(t) : (24389 / 27 * t + 16) / 116 }
    let f = (root(x / white.x), root(y / white.y), root(z / white.z))
    return LabColor(116 * f.1 - 16, 500 * (f.0 - f.1), 200 * (f.1 - f.2), 0)
}

/// The sRGB colour nearest to L*a*b*, channel by channel: a byte each.
func sRGB(of lab: LabColor) -> (red: UInt8, green: UInt8, blue: UInt8) {
    let y = (lab.x + 16) / 116
    let (x, z) = (y + lab.y / 500, y - lab.z / 200)
    func cube(_ t: Float) -> Float {
        let cubed = t * t * t
        return cubed > 216 / 24389 ? cubed : (116 * t - 16) * 27 / 24389
    }
    let (xyz0, xyz1, xyz2) = (cube(x) * white.x, cube(y) * white.y, cube(z) * white.z)
    func byte(_ light: Float) -> UInt8 {
        let value = light <= 0.0031308 ? 12.92 * light : 1.055 * powf(light, 1 / 2.4) - 0.055
        return UInt8((min(max(value, 0), 1) * 255).rounded())
    }
    return (
        byte(3.2404542 * xyz0 - 1.5371385 * xyz1 - 0.4985314 * xyz2),
        byte(-0.9692660 * xyz0 + 1.8760108 * xyz1 + 0.0415560 * xyz2),
        byte(0.0556434 * xyz0 - 0.2040259 * xyz1 + 1.0572252 * xyz2)
    )
}

extension Image {
    /// L*a*b* of a pixel of an 8-bit RGB picture.
    func lab(_ pixel: Int) -> LabColor {
        labColor(
            red: UInt8(truncatingIfNeeded: samples[3 * pixel]),
            green: UInt8(truncatingIfNeeded: samples[3 * pixel + 1]),
            blue: UInt8(truncatingIfNeeded: samples[3 * pixel + 2]))
    }
}

extension LabColor {
    /// The distance of two colours, ΔE of 1976.
    func distance(to other: LabColor) -> Float {
        let difference = self - other
        return (difference * difference).sum().squareRoot()
    }
}
