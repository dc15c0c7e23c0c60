import CPeak
import Foundation
import NaiveKernels
import Tensors

// Every kernel at the sizes Stable Diffusion 1.5 has at 512x512 against its naive twin.
//
// The naive twins run on one thread and on a part of the rows, so that they end; what is compared is
// operations a second. Kernels that mostly move memory are given in GB/s.

struct Case {
    let name: String
    /// Operations, or bytes, of one call of each.
    let work: Double
    let naiveWork: Double
    var isMemory = false
    let fast: () -> Void
    let naive: () -> Void
}

func product(_ rows: Int, _ columns: Int, _ out: Int) -> Case {
    let (x, w) = (noise([rows, columns]), noise([out, columns]))
    let matrix = PackedMatrix(StoredTensor(w))
    let few = x.sliced(axis: 0, 0..<min(rows, 8))
    return Case(
        name: "linear \(rows) x \(columns) -> \(out)",
        work: 2 * Double(rows) * Double(columns) * Double(out),
        naiveWork: 2 * Double(few.shape[0]) * Double(columns) * Double(out),
        fast: { _ = x.multiplied(by: matrix) }, naive: { _ = Naive.product(few, w) })
}

func convolution(_ side: Int, _ channels: Int, _ out: Int, kernel: Int, stride: Int = 1) -> Case {
    let (x, w) = (noise([1, side, side, channels]), noise([out, channels, kernel, kernel]))
    let filter = PackedFilter(StoredTensor(w))
    let edge = kernel / 2
    let padding = Padding(top: edge, left: edge, bottom: edge, right: edge)
    let few = noise([1, 4, 4, channels])
    let each = 2 * Double(kernel * kernel * channels * out)
    return Case(
        name: "convolution \(kernel)x\(kernel)/\(stride) \(side)x\(side), \(channels) -> \(out)",
        work: each * Double(side / stride * side / stride), naiveWork: each * 16,
        fast: { _ = x.convolved(with: filter, stride: stride, padding: padding) },
        naive: { _ = Naive.convolution(few, w, stride: 1, padding: padding) })
}

/// A 3x3 convolution of what group normalization and SiLU make of a picture.
func prologue(_ side: Int, _ channels: Int) -> Case {
    let (x, w) = (noise([1, side, side, channels]), noise([channels, channels, 3, 3]))
    let filter = PackedFilter(StoredTensor(w))
    let scales = noise([1, 2, channels], seed: 2)
    let prologue = Prologue(scales: scales, activation: .silu)
    let few = noise([1, 4, 4, channels])
    let each = 18 * Double(channels * channels)
    return Case(
        name: "scale, SiLU, convolution 3x3 \(side)x\(side), \(channels)",
        work: each * Double(side * side), naiveWork: each * 16,
        fast: { _ = x.convolved(with: filter, after: prologue, padding: .all(1)) },
        naive: {
            let seen = Naive.seen(few, height: 4, width: 4, scales: scales, activation: .silu)
            _ = Naive.convolution(seen, w, stride: 1, padding: .all(1))
        })
}

func attention(_ queries: Int, _ keys: Int, heads: Int, head: Int) -> Case {
    let q = noise([1, queries, heads * head])
    let (k, v) = (
        noise([1, keys, heads * head], seed: 2), noise([1, keys, heads * head], seed: 3)
    )
    let few = q.sliced(axis: 1, 0..<4)
    let each = 4 * Double(keys * heads * head)
    return Case(
        name: "attention \(queries) to \(keys), \(heads) heads of \(head)",
        work: each * Double(queries), naiveWork: each * 4,
        fast: { _ = Tensor.attention(query: q, key: k, value: v, heads: heads) },
        naive: { _ = Naive.attention(few, k, v, heads: heads, causal: false) })
}

func groupNorm(_ side: Int, _ channels: Int) -> Case {
    let x = noise([1, side, side, channels])
    let few = noise([1, 8, 8, channels])
    let ones = Tensor([Float](repeating: 1, count: channels), shape: [channels])
    return Case(
        name: "group norm \(side)x\(side), \(channels)", work: 8 * Double(x.count),
        naiveWork: 8 * Double(few.count), isMemory: true,
        fast: {
            _ = x.scaled(by: x.groupScales(groups: 32, weight: ones, bias: ones, epsilon: 1e-5))
        },
        naive: {
            _ = Naive.groupNorm(
                few, groups: 32, weight: ones.values, bias: ones.values, epsilon: 1e-5)
        })
}

/// Seconds of a call: the least of as many as fit into half a second.
func seconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    var (best, total) = (Double.infinity, 0.0)
    repeat {
        let time = clock.measure(body) / .seconds(1)
        best = min(best, time)
        total += time
    } while total < 0.5
    return best
}

func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

func timeKernels(threads: Int) {
    let set = KernelSet.current.name
    let width: Int32 = set.hasPrefix("avx512") ? 512 : set.hasPrefix("avx") ? 256 : 0
    _ = peak_operations(width, Int32(threads), 10_000_000)
    let peak = (0..<5).map { _ in peak_operations(width, Int32(threads), 20_000_000) }.max() ?? 0
    print("\(set), \(threads) threads, peak \(String(format: "%.0f", peak / 1e9)) GFLOP/s\n")
    print("\(padded("kernel", 44))     fast   of peak     naive   faster by")

    let cases = [
        product(4096, 320, 2560), product(4096, 1280, 320), product(1024, 640, 5120),
        product(256, 1280, 10240), product(77, 768, 320),
        convolution(64, 320, 320, kernel: 3), convolution(32, 640, 640, kernel: 3),
        convolution(16, 1280, 1280, kernel: 3), convolution(8, 1280, 1280, kernel: 3),
        convolution(64, 320, 320, kernel: 3, stride: 2), convolution(64, 320, 320, kernel: 1),
        convolution(512, 128, 128, kernel: 3), prologue(512, 128),
        attention(4096, 4096, heads: 8, head: 40), attention(1024, 1024, heads: 8, head: 80),
        attention(256, 256, heads: 8, head: 160), attention(4096, 4096, heads: 1, head: 512),
        attention(4096, 77, heads: 8, head: 40), groupNorm(64, 320), groupNorm(512, 128),
    ]
    for item in cases {
        let fast = item.work / seconds(item.fast)
        let naive = item.naiveWork / seconds(item.naive)
        let unit = item.isMemory ? "GB/s" : "GFLOP/s"
        let share = item.isMemory ? "" : String(format: "%.0f %%", 100 * fast / peak)
        print(
            padded(item.name, 44) + String(format: "%9.1f ", fast / 1e9) + padded(unit, 8)
                + padded(share, 7) + String(format: "%6.2f   %8.0f x", naive / 1e9, fast / naive))
    }
}
