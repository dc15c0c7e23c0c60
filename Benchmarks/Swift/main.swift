import Foundation
import Tensors

// swift run -c release gesso-benchmarks kernels [THREADS]
// swift run -c release gesso-benchmarks tiling MODEL SIDE [--tiled-only]
// swift run -c release gesso-benchmarks answers MODEL FOLDER
let words = CommandLine.arguments.dropFirst()
switch words.first {
case "tiling" where words.count >= 3:
    let model = URL(filePath: words[words.startIndex + 1])
    try ThreadPool(threads: 2).run {
        try timeTiling(
            model, side: Int(words[words.startIndex + 2]) ?? 1024,
            tiledOnly: words.last == "--tiled-only")
    }
case "answers" where words.count >= 3:
    try ThreadPool(threads: 2).run {
        try answer(
            URL(filePath: words[words.startIndex + 1]),
            in: URL(filePath: words[words.startIndex + 2]))
    }
case "kernels", nil:
    let threads = words.dropFirst().first.flatMap { Int($0) } ?? 2
    ThreadPool(threads: threads).run { timeKernels(threads: threads) }
default:
    print(
        "usage: gesso-benchmarks kernels [THREADS] | tiling MODEL SIDE [--tiled-only] | "
            + "answers MODEL FOLDER")
    exit(64)
}
