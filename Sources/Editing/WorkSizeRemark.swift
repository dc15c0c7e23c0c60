import Imaging
import Recipes

extension Pass {
    /// Whether it is not the whole of an edit at its own size.
    func isPart(of edit: Edit) -> Bool {
        isScaled || box.width < edit.width || box.height < edit.height
    }
}

extension Edit {
    /// What is done at a working size, and how to have it otherwise, in one line.
    func remark(on passes: [Pass]) -> String {
        let tiles = passes.count { $0.detailStrength != nil }
        let painted = passes.filter { $0.detailStrength == nil }
        let sizes = painted.map { Size(width: $0.width, height: $0.height) }
        let largest = sizes.max { $0.width * $0.height < $1.width * $1.height }
        let size = "\(largest ?? Size(width: width, height: height))"
        let what =
            switch verb {
            case .inpaint: boxes(painted, size)
            case .outpaint: "the canvas is painted at \(size) and made larger"
            default: "repainted at \(size) and made larger"
            }
        let detail =
            tiles > 0
            ? ", its detail in \(tiles == 1 ? "1 tile" : "\(tiles) tiles")"
                + (verb == .outpaint && recipe.detail == .auto ? " along the picture" : "")
            : painted.contains(where: \.keepsDetail) ? " with its own detail" : ""
        let more =
            recipe.detail == .auto && verb != .inpaint ? " or detail tiles" : ""
        return "work_size \(recipe.workSize): \(what)\(detail); "
            + "for full size give work_size full\(more)"
    }

    private func boxes(_ passes: [Pass], _ size: String) -> String {
        let isScaled = passes.contains(where: \.isScaled)
        if passes.count == 1 {
            return "the mask is repainted in a box of "
                + "\(passes[0].box.width)x\(passes[0].box.height)" + (isScaled ? " at \(size)" : "")
        }
        return "the mask is repainted in \(passes.count) boxes"
            + (isScaled ? " of up to \(size)" : "")
    }
}

extension Recipe {
    /// A strength at which at least one of the steps runs.
    func runnable(_ strength: Double) -> Double { min(max(strength, 1.01 / Double(steps)), 1) }
}
