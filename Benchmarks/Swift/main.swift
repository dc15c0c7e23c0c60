import Foundation
import Tensors

// swift run -c release gesso-benchmarks kernels [THREADS]
// swift run -c release gesso-benchmarks tiling MODEL SIDE [--tiled-only]
// swift run -c release gesso-benchmarks answers MODEL FOLDER
// swift run -c release gesso-benchmarks control MODEL NET FOLDER
// swift run -c release gesso-benchmarks precisions MODEL [SIDE] [ROUNDS] [THREADS]
// swift run -c release gesso-benchmarks stage MODEL plain|guided|encode|decode|areas PRECISION ROUNDS [SIDE]
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
case "control" where words.count >= 4:
    let places = words.dropFirst().map { URL(filePath: $0) }
    try ThreadPool(threads: 2).run {
        try answerControlled(places[0], places[1], in: places[2])
    }
case "precisions" where words.count >= 2:
    let numbers = Array(words.dropFirst(2).compactMap { Int($0) })
    try ThreadPool(threads: numbers.count > 2 ? numbers[2] : 2).run {
        try timePrecisions(
            URL(filePath: words[words.startIndex + 1]), side: numbers.first ?? 512,
            rounds: numbers.count > 1 ? numbers[1] : 3)
    }
case "stage" where words.count >= 5:
    let given = Array(words.dropFirst())
    guard let precision = Precision(rawValue: given[2]), let rounds = Int(given[3]) else {
        exit(64)
    }
    try ThreadPool(threads: 2).run {
        try repeatStage(
            URL(filePath: given[0]), named: given[1], in: precision, rounds: rounds,
            side: given.count > 4 ? Int(given[4]) ?? 512 : 512)
    }
case "kernels", nil:
    let threads = words.dropFirst().first.flatMap { Int($0) } ?? 2
    ThreadPool(threads: threads).run { timeKernels(threads: threads) }
default:
    print(
        "usage: gesso-benchmarks kernels [THREADS] | tiling MODEL SIDE [--tiled-only] | "
            + "answers MODEL FOLDER | control MODEL NET FOLDER | "
            + "precisions MODEL [SIDE] [ROUNDS] [THREADS] | stage MODEL STAGE PRECISION ROUNDS [SIDE]"
    )
    exit(64)
}
