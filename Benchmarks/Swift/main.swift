import Foundation
import Tensors

// swift run -c release gesso-benchmarks kernels [THREADS]
// swift run -c release gesso-benchmarks tiling MODEL SIDE [--tiled-only]
let words = CommandLine.arguments.dropFirst()
switch words.first {
case "tiling" where words.count >= 3:
    Threads.use(2)
    let model = URL(filePath: words[words.startIndex + 1])
    try timeTiling(
        model, side: Int(words[words.startIndex + 2]) ?? 1024,
        tiledOnly: words.last == "--tiled-only")
case "kernels", nil:
    let threads = words.dropFirst().first.flatMap { Int($0) } ?? 2
    Threads.use(threads)
    timeKernels(threads: threads)
default:
    print("usage: gesso-benchmarks kernels [THREADS] | tiling MODEL SIDE [--tiled-only]")
    exit(64)
}
