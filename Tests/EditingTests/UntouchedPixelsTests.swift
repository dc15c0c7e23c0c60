import Editing
import Foundation
import Imaging
import Recipes
import TestSupport
import Testing

/// What is outside a mask is in the written file what it was in the picture.
@Suite struct UntouchedPixelsTests {
    private static let model = Fixtures.builtInModel

    /// A hundred pictures of all kinds, with masks of noise, of rectangles and of single pixels.
    @Test func noMaskLetsAPixelSlip() throws {
        let sum = try hundredEdits(seed: 7) { round in
            [
                ("scheduler", ["ddim", "euler-a", "dpmpp-2m"][round % 3]),
                ("strength", round % 2 == 0 ? "1" : "0.6"), ("mask_feather", "\(round % 5)"),
                ("invert_mask", "\(round % 7 == 0)"),
            ]
        } outside: { mask, recipe, _ in
            recipe.invertMask ? mask.inverted : mask
        }
        #expect(sum.outside > 10_000 && sum.skipped == 0)
    }

    /// The same for all that is done to a mask and to what was painted: soft modes, blur, crops, parts,
    /// matched colours, blending.
    @Test func noJoiningLetsAPixelSlip() throws {
        let sum = try hundredEdits(seed: 11) { round in
            [
                ("region_size", "64"), ("mask_padding", "\(round % 5)"),
                ("mask_mode", ["hard", "differential", "soft"][round % 3]),
                ("blend", ["poisson", "none", "feather"][round / 3 % 3]),
                ("match_color", ["drift", "surroundings", "off"][round / 2 % 3]),
                ("region", round % 2 == 0 ? "mask" : "whole"),
                ("per_component", "\(round % 4 < 2)"), ("mask_blur", "\(round % 7 / 5)"),
                ("compat", ["default", "comfy", "a1111"][round % 5 % 3]),
            ]
        } outside: { mask, recipe, edit in
            let support = try #require(edit.mask)
            let grows = zip(mask.values, support.values).contains { $0 == 0 && $1 > 0 }
            #expect(!grows || recipe.maskBlur > 0, "the mask has grown")
            return support
        }
        #expect(sum.outside > 10_000)
        #expect(sum.skipped < 20)
    }

    /// Edits a hundred pictures and looks at what was written of them outside of a mask; those whose
    /// masks fall into too many parts are skipped.
    private func hundredEdits(
        seed: UInt64, settings: (Int) -> [(String, String)],
        outside: (Mask, Recipe, Edit) throws -> Mask
    ) throws -> (outside: Int, skipped: Int) {
        let editor = Editor(try Model.load(Self.model))
        var dice = Dice(state: seed)
        var sum = (outside: 0, skipped: 0)
        for round in 0..<100 {
            let image = dice.picture(channels: round % 4 + 1, depth: round % 8 < 4 ? 8 : 16)
            let mask = dice.mask(like: image)
            let common = [
                ("prompt", "x"), ("steps", "2"), ("seed", "\(round)"), ("guidance_scale", "1"),
            ]
            let recipe = try Recipe(
                .inpaint,
                settings: (common + settings(round)).map {
                    Setting($0, $1, at: .argument("--set"))
                })
            let edit = try Edit.inpaint(image, mask, recipe)
            let closed = try outside(mask, recipe, edit)
            do {
                let result = try editor(edit)
                let written = try Image(decoding: result.image.encoded(as: .png), name: "it")
                let proof = try Comparison(image, written, outside: closed)
                #expect(proof.differing == 0, "round \(round)")
                sum.outside += proof.pixels
            } catch EditingError.tooManyParts {
                sum.skipped += 1
            }
        }
        return sum
    }

    @Test func theModelsFilesAreNamed() throws {
        let files = try Model.files(of: Self.model).map(\.path)
        #expect(files.first == "model_index.json")
        #expect(files.contains("unet/diffusion_pytorch_model.safetensors"))
        #expect(files.contains("tokenizer/merges.txt"))
        #expect(!files.contains("README.md"))
        #expect(Set(files).count == files.count)
    }
}

/// Numbers that are the same in every run (Knuth's linear congruential generator).
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }

    mutating func picture(channels: Int, depth: Int) -> Image {
        let (width, height) = (Int.random(in: 9...30, using: &self), 20)
        let white: UInt16 = depth == 16 ? .max : 255
        return Image(
            width: width, height: height, channels: channels, depth: depth,
            samples: (0..<width * height * channels).map { _ in .random(in: 0...white, using: &self)
            })
    }

    mutating func mask(like image: Image) -> Mask {
        var mask = Mask(width: image.width, height: image.height, filledWith: 0)
        switch Int.random(in: 0..<3, using: &self) {
        case 0:
            for index in mask.values.indices where Bool.random(using: &self) {
                mask.values[index] = .random(in: 0...255, using: &self)
            }
        case 1:
            let right = Int.random(in: 1...image.width, using: &self)
            let bottom = Int.random(in: 1...image.height, using: &self)
            for y in 0..<bottom {
                for x in 0..<right { mask.values[y * image.width + x] = 255 }
            }
        default:
            mask.values[Int.random(in: mask.values.indices, using: &self)] = 255
        }
        return mask
    }
}
