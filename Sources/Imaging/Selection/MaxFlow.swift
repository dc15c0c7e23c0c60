/// The smallest cut between a source and a sink (Boykov & Kolmogorov 2004).
///
/// Two trees grow from both ends until they touch; flow is pushed along the path, and nodes that lost
/// their way to the root look for another one.
package struct MaxFlow {
    private static let none: Int32 = -1
    private static let terminal: Int32 = -2
    private static let orphaned: Int32 = -3

    private enum Tree { static let free: UInt8 = 0, source: UInt8 = 1, sink: UInt8 = 2 }

    private struct Node {
        /// The first of its arcs.
        var first = MaxFlow.none
        /// What is left from the source, or below zero to the sink.
        var terminal: Float = 0
        /// The arc to its parent in the tree.
        var parent = MaxFlow.none
        /// When the distance to the root was last known, and that distance.
        var stamp: Int32 = 0
        var distance: Int32 = 0
        var tree = Tree.free
        var isActive = false
    }

    /// An arc's reverse is its number xor 1.
    private struct Arc {
        var head: Int32
        /// The next arc of the node that it leaves.
        var next: Int32
        var capacity: Float
    }

    private var nodes: [Node]
    private var arcs: [Arc] = []
    private var active: [Int32] = []
    private var activeHead = 0
    private var orphans: [Int32] = []
    private var time: Int32 = 0

    /// - Parameter edges: about how many there will be.
    package init(nodes: Int, edges: Int) {
        self.nodes = Array(repeating: Node(), count: nodes)
        arcs.reserveCapacity(2 * edges)
    }

    /// Capacities from the source to a node and from it to the sink; what both share never matters.
    package mutating func connect(_ node: Int, source: Float, sink: Float) {
        nodes[node].terminal += source - sink
    }

    /// An edge with the same capacity in both directions.
    package mutating func join(_ a: Int, _ b: Int, _ weight: Float) {
        append(from: a, to: b, weight)
        append(from: b, to: a, weight)
    }

    private mutating func append(from: Int, to: Int, _ weight: Float) {
        arcs.append(Arc(head: Int32(to), next: nodes[from].first, capacity: weight))
        nodes[from].first = Int32(arcs.count - 1)
    }

    /// Pushes all the flow there is.
    package mutating func run() {
        for node in nodes.indices where nodes[node].terminal != 0 {
            nodes[node].tree = nodes[node].terminal > 0 ? Tree.source : Tree.sink
            nodes[node].parent = Self.terminal
            nodes[node].distance = 1
            activate(Int32(node))
        }
        while let node = nextActive() {
            while nodes[Int(node)].parent != Self.none, let arc = grow(node) {
                time += 1
                augment(arc)
                adopt()
            }
        }
    }

    /// Whether a node is on the source's side of the cut.
    package func isSource(_ node: Int) -> Bool { nodes[node].tree == Tree.source }

    private mutating func activate(_ node: Int32) {
        guard !nodes[Int(node)].isActive else { return }
        nodes[Int(node)].isActive = true
        active.append(node)
    }

    private mutating func nextActive() -> Int32? {
        while activeHead < active.count {
            let node = active[activeHead]
            activeHead += 1
            if activeHead > 1 << 16, activeHead * 2 > active.count {
                active.removeFirst(activeHead)
                activeHead = 0
            }
            nodes[Int(node)].isActive = false
            if nodes[Int(node)].parent != Self.none { return node }
        }
        return nil
    }

    /// Takes free neighbours into a node's tree; the arc from the source's tree to the sink's where
    /// both touch.
    private mutating func grow(_ node: Int32) -> Int32? {
        let i = Int(node)
        let isSource = nodes[i].tree == Tree.source
        var arc = nodes[i].first
        while arc >= 0 {
            let a = Int(arc)
            if arcs[isSource ? a : a ^ 1].capacity > 0 {
                let j = Int(arcs[a].head)
                if nodes[j].tree == Tree.free {
                    nodes[j].tree = nodes[i].tree
                    nodes[j].parent = arc ^ 1
                    nodes[j].stamp = nodes[i].stamp
                    nodes[j].distance = nodes[i].distance + 1
                    activate(Int32(j))
                } else if nodes[j].tree != nodes[i].tree {
                    return isSource ? arc : arc ^ 1
                } else if nodes[j].stamp <= nodes[i].stamp, nodes[j].distance > nodes[i].distance {
                    nodes[j].parent = arc ^ 1
                    nodes[j].stamp = nodes[i].stamp
                    nodes[j].distance = nodes[i].distance + 1
                }
            }
            arc = arcs[a].next
        }
        return nil
    }

    /// Pushes flow along the path that an arc completes.
    private mutating func augment(_ middle: Int32) {
        let m = Int(middle)
        var amount = arcs[m].capacity
        var node = Int(arcs[m ^ 1].head)
        while nodes[node].parent >= 0 {
            amount = min(amount, arcs[Int(nodes[node].parent) ^ 1].capacity)
            node = Int(arcs[Int(nodes[node].parent)].head)
        }
        amount = min(amount, nodes[node].terminal)
        node = Int(arcs[m].head)
        while nodes[node].parent >= 0 {
            amount = min(amount, arcs[Int(nodes[node].parent)].capacity)
            node = Int(arcs[Int(nodes[node].parent)].head)
        }
        amount = min(amount, -nodes[node].terminal)

        arcs[m].capacity -= amount
        arcs[m ^ 1].capacity += amount
        push(amount, from: Int(arcs[m ^ 1].head), reversed: 1)
        push(amount, from: Int(arcs[m].head), reversed: 0)
    }

    /// Takes an amount from the arcs between a node and its root.
    private mutating func push(_ amount: Float, from start: Int, reversed: Int) {
        var node = start
        while nodes[node].parent >= 0 {
            let arc = Int(nodes[node].parent) ^ reversed
            arcs[arc].capacity -= amount
            arcs[arc ^ 1].capacity += amount
            let up = Int(arcs[Int(nodes[node].parent)].head)
            if arcs[arc].capacity <= 0 { orphan(node) }
            node = up
        }
        nodes[node].terminal -= reversed == 1 ? amount : -amount
        if abs(nodes[node].terminal) <= 0 { orphan(node) }
    }

    private mutating func orphan(_ node: Int) {
        nodes[node].parent = Self.orphaned
        orphans.append(Int32(node))
    }

    /// Finds new parents for orphans, or frees them.
    private mutating func adopt() {
        while let orphan = orphans.popLast() {
            let i = Int(orphan)
            let isSource = nodes[i].tree == Tree.source
            var best: (arc: Int32, distance: Int32)?
            var arc = nodes[i].first
            while arc >= 0 {
                let a = Int(arc)
                let j = Int(arcs[a].head)
                if nodes[j].tree == nodes[i].tree, arcs[isSource ? a ^ 1 : a].capacity > 0,
                    let length = lengthToRoot(j), length < best?.distance ?? .max
                {
                    best = (arc, length)
                }
                arc = arcs[a].next
            }
            if let best {
                nodes[i].parent = best.arc
                nodes[i].stamp = time
                nodes[i].distance = best.distance + 1
            } else {
                free(i, isSource)
            }
        }
    }

    private mutating func free(_ i: Int, _ isSource: Bool) {
        var arc = nodes[i].first
        while arc >= 0 {
            let a = Int(arc)
            let j = Int(arcs[a].head)
            if nodes[j].tree == nodes[i].tree, nodes[j].parent != Self.none {
                if arcs[isSource ? a ^ 1 : a].capacity > 0 { activate(Int32(j)) }
                if nodes[j].parent >= 0, Int(arcs[Int(nodes[j].parent)].head) == i { orphan(j) }
            }
            arc = arcs[a].next
        }
        nodes[i].tree = Tree.free
        nodes[i].parent = Self.none
    }

    /// Steps from a node to its root; nil where it has none. What is found is kept for this round.
    private mutating func lengthToRoot(_ start: Int) -> Int32? {
        var (node, steps) = (start, Int32(0))
        while nodes[node].stamp != time || nodes[node].parent == Self.orphaned {
            if nodes[node].parent == Self.terminal {
                nodes[node].stamp = time
                nodes[node].distance = 1
                break
            }
            guard nodes[node].parent >= 0 else { return nil }
            node = Int(arcs[Int(nodes[node].parent)].head)
            steps += 1
        }
        guard nodes[node].parent != Self.none else { return nil }
        var length = nodes[node].distance + steps
        let found = length
        node = start
        while nodes[node].stamp != time {
            nodes[node].stamp = time
            nodes[node].distance = length
            length -= 1
            node = Int(arcs[Int(nodes[node].parent)].head)
        }
        return found
    }
}
