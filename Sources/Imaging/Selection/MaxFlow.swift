/// The smallest cut between a source and a sink (Boykov & Kolmogorov 2004).
///
/// Two trees grow from both ends until they touch; flow is pushed along the path, and nodes that lost
/// their way to the root look for another one.
package final class MaxFlow {
    private static let none: Int32 = -1
    private static let terminal: Int32 = -2
    private static let orphaned: Int32 = -3

    private enum Tree { static let free: UInt8 = 0, source: UInt8 = 1, sink: UInt8 = 2 }

    private let count: Int
    /// The first arc of each node, and of each arc the next; an arc's reverse is its number xor 1.
    private var first: [Int32]
    private var next: [Int32] = []
    private var head: [Int32] = []
    private var capacity: [Float] = []
    /// What is left from the source, or below zero to the sink.
    private var terminal: [Float]
    private var tree: [UInt8]
    private var parent: [Int32]
    private var stamp: [Int32]
    private var distance: [Int32]
    private var isActive: [Bool]
    private var active: [Int32] = []
    private var activeHead = 0
    private var orphans: [Int32] = []
    private var time: Int32 = 0

    /// - Parameter edges: about how many there will be.
    package init(nodes: Int, edges: Int) {
        count = nodes
        first = Array(repeating: Self.none, count: nodes)
        terminal = Array(repeating: 0, count: nodes)
        tree = Array(repeating: Tree.free, count: nodes)
        parent = Array(repeating: Self.none, count: nodes)
        stamp = Array(repeating: 0, count: nodes)
        distance = Array(repeating: 0, count: nodes)
        isActive = Array(repeating: false, count: nodes)
        next.reserveCapacity(2 * edges)
        head.reserveCapacity(2 * edges)
        capacity.reserveCapacity(2 * edges)
    }

    /// Capacities from the source to a node and from it to the sink; what both share never matters.
    package func connect(_ node: Int, source: Float, sink: Float) {
        terminal[node] += source - sink
    }

    /// An edge with the same capacity in both directions.
    package func join(_ a: Int, _ b: Int, _ weight: Float) {
        for (from, to) in [(a, b), (b, a)] {
            next.append(first[from])
            first[from] = Int32(head.count)
            head.append(Int32(to))
            capacity.append(weight)
        }
    }

    /// Pushes all the flow there is.
    package func run() {
        for node in 0..<count where terminal[node] != 0 {
            tree[node] = terminal[node] > 0 ? Tree.source : Tree.sink
            parent[node] = Self.terminal
            distance[node] = 1
            activate(Int32(node))
        }
        while let node = nextActive() {
            while parent[Int(node)] != Self.none, let arc = grow(node) {
                time += 1
                augment(arc)
                adopt()
            }
        }
    }

    /// Whether a node is on the source's side of the cut.
    package func isSource(_ node: Int) -> Bool { tree[node] == Tree.source }

    private func activate(_ node: Int32) {
        guard !isActive[Int(node)] else { return }
        isActive[Int(node)] = true
        active.append(node)
    }

    private func nextActive() -> Int32? {
        while activeHead < active.count {
            let node = active[activeHead]
            activeHead += 1
            if activeHead > 1 << 16, activeHead * 2 > active.count {
                active.removeFirst(activeHead)
                activeHead = 0
            }
            isActive[Int(node)] = false
            if parent[Int(node)] != Self.none { return node }
        }
        return nil
    }

    /// Takes free neighbours into a node's tree; the arc from the source's tree to the sink's where
    /// both touch.
    private func grow(_ node: Int32) -> Int32? {
        let i = Int(node)
        let isSource = tree[i] == Tree.source
        var arc = first[i]
        while arc >= 0 {
            let a = Int(arc)
            if capacity[isSource ? a : a ^ 1] > 0 {
                let j = Int(head[a])
                if tree[j] == Tree.free {
                    tree[j] = tree[i]
                    parent[j] = arc ^ 1
                    stamp[j] = stamp[i]
                    distance[j] = distance[i] + 1
                    activate(Int32(j))
                } else if tree[j] != tree[i] {
                    return isSource ? arc : arc ^ 1
                } else if stamp[j] <= stamp[i], distance[j] > distance[i] {
                    parent[j] = arc ^ 1
                    stamp[j] = stamp[i]
                    distance[j] = distance[i] + 1
                }
            }
            arc = next[a]
        }
        return nil
    }

    /// Pushes flow along the path that an arc completes.
    private func augment(_ middle: Int32) {
        let m = Int(middle)
        var amount = capacity[m]
        var node = Int(head[m ^ 1])
        while parent[node] >= 0 {
            amount = min(amount, capacity[Int(parent[node]) ^ 1])
            node = Int(head[Int(parent[node])])
        }
        amount = min(amount, terminal[node])
        node = Int(head[m])
        while parent[node] >= 0 {
            amount = min(amount, capacity[Int(parent[node])])
            node = Int(head[Int(parent[node])])
        }
        amount = min(amount, -terminal[node])

        capacity[m] -= amount
        capacity[m ^ 1] += amount
        push(amount, from: Int(head[m ^ 1]), reversed: 1)
        push(amount, from: Int(head[m]), reversed: 0)
    }

    /// Takes an amount from the arcs between a node and its root.
    private func push(_ amount: Float, from start: Int, reversed: Int) {
        var node = start
        while parent[node] >= 0 {
            let arc = Int(parent[node]) ^ reversed
            capacity[arc] -= amount
            capacity[arc ^ 1] += amount
            let up = Int(head[Int(parent[node])])
            if capacity[arc] <= 0 { orphan(node) }
            node = up
        }
        terminal[node] -= reversed == 1 ? amount : -amount
        if abs(terminal[node]) <= 0 { orphan(node) }
    }

    private func orphan(_ node: Int) {
        parent[node] = Self.orphaned
        orphans.append(Int32(node))
    }

    /// Finds new parents for orphans, or frees them.
    private func adopt() {
        while let orphan = orphans.popLast() {
            let i = Int(orphan)
            let isSource = tree[i] == Tree.source
            var best: (arc: Int32, distance: Int32)?
            var arc = first[i]
            while arc >= 0 {
                let a = Int(arc)
                let j = Int(head[a])
                if tree[j] == tree[i], capacity[isSource ? a ^ 1 : a] > 0,
                    let length = lengthToRoot(j), length < best?.distance ?? .max
                {
                    best = (arc, length)
                }
                arc = next[a]
            }
            if let best {
                parent[i] = best.arc
                stamp[i] = time
                distance[i] = best.distance + 1
            } else {
                free(i, isSource)
            }
        }
    }

    private func free(_ i: Int, _ isSource: Bool) {
        var arc = first[i]
        while arc >= 0 {
            let a = Int(arc)
            let j = Int(head[a])
            if tree[j] == tree[i], parent[j] != Self.none {
                if capacity[isSource ? a ^ 1 : a] > 0 { activate(Int32(j)) }
                if parent[j] >= 0, Int(head[Int(parent[j])]) == i { orphan(j) }
            }
            arc = next[a]
        }
        tree[i] = Tree.free
        parent[i] = Self.none
    }

    /// Steps from a node to its root; nil where it has none. What is found is kept for this round.
    private func lengthToRoot(_ start: Int) -> Int32? {
        var (node, steps) = (start, Int32(0))
        while stamp[node] != time || parent[node] == Self.orphaned {
            if parent[node] == Self.terminal {
                stamp[node] = time
                distance[node] = 1
                break
            }
            guard parent[node] >= 0 else { return nil }
            node = Int(head[Int(parent[node])])
            steps += 1
        }
        guard parent[node] != Self.none else { return nil }
        var length = distance[node] + steps
        let found = length
        node = start
        while stamp[node] != time {
            stamp[node] = time
            distance[node] = length
            length -= 1
            node = Int(head[Int(parent[node])])
        }
        return found
    }
}
