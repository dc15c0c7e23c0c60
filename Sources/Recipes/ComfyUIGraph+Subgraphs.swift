import Foundation

/// Puts the nodes of subgraphs in the place of the nodes that stand for them, as ComfyUI does before a run.
///
/// A node that stands for a subgraph has the subgraph's `id` for its type. Within the subgraph its inputs are the outputs
/// of one node, and its outputs the inputs of another one, which are in `links` alone.
extension ComfyUIGraph.Editor {
    /// The subgraphs that a file defines, and how much may still be read.
    struct Subgraphs {
        let definitions: [String: [String: Any]]
        /// Nodes, links, inputs and values: as many as a file without subgraphs may have.
        private var left = JSONSize.mostParts
        /// How many graphs have been read.
        private(set) var count = 0
        /// Subgraphs that contain the one that is being read.
        var depth = 0

        init(_ object: [String: Any]) {
            let list = (object["definitions"] as? [String: Any])?["subgraphs"] as? [Any] ?? []
            definitions = Dictionary(
                list.compactMap { definition in
                    let object = definition as? [String: Any]
                    return (object?["id"] as? String).flatMap { id in object.map { (id, $0) } }
                }, uniquingKeysWith: { first, _ in first })
        }

        /// Whether another graph may be read.
        mutating func begin() -> Bool {
            count += 1
            return depth <= 16
        }

        /// Whether so much may still be read.
        mutating func take(_ parts: Int) -> Bool {
            left -= parts
            return left >= 0
        }
    }

    /// Reads a graph and the subgraphs in it; false if it is none, or too much.
    ///
    /// - Parameters:
    ///   - scope: comes before the numbers of its nodes and links.
    ///   - given: values for widgets of its nodes, by their numbers and names.
    mutating func add(
        _ graph: [String: Any], _ subgraphs: inout Subgraphs, in scope: String = "",
        given: [String: [String: Any]] = [:]
    ) -> Bool {
        guard subgraphs.begin(), let list = graph["nodes"] as? [Any],
            let rows = graph["links"] as? [Any], subgraphs.take(list.count + rows.count)
        else { return false }
        for row in rows.compactMap(Row.init) { add(row, in: scope) }
        for case let node as [String: Any] in list {
            guard let plain = Self.number(node["id"], in: ""), let type = node["type"] as? String
            else { continue }
            let inputs = node["inputs"] as? [Any] ?? []
            let widgets = node["widgets_values"]
            let values = (widgets as? [Any])?.count ?? (widgets as? [String: Any])?.count ?? 0
            guard subgraphs.take(inputs.count + values) else { return false }
            let read = EditorNode(
                type: type, inputs: Self.inputs(inputs, in: scope), widgets: widgets,
                mode: Self.whole(node["mode"]), scope: scope, given: given[plain] ?? [:])
            nodes[scope + plain] = read
            guard let definition = subgraphs.definitions[type], !read.isMuted, read.mode != 4
            else { continue }
            guard expand(read, scope + plain, node["properties"], definition, &subgraphs) else {
                return false
            }
        }
        return true
    }

    private static func inputs(_ list: [Any], in scope: String) -> [Input] {
        list.compactMap { input in
            guard let input = input as? [String: Any], let name = input["name"] as? String
            else { return nil }
            return Input(
                name: name, type: input["type"] as? String ?? "",
                link: number(input["link"], in: scope), isWidget: input["widget"] is [String: Any])
        }
    }

    /// A link as the file has it, a list or an object.
    private struct Row {
        let (number, type): (Any?, Any?)
        let (origin, originSlot): (Any?, Any?)
        let (target, targetSlot): (Any?, Any?)

        init?(_ row: Any) {
            if let row = row as? [Any], row.count >= 3 {
                (number, origin, originSlot) = (row[0], row[1], row[2])
                target = row.count > 3 ? row[3] : nil
                targetSlot = row.count > 4 ? row[4] : nil
                type = row.count > 5 ? row[5] : nil
            } else if let row = row as? [String: Any] {
                (number, type) = (row["id"], row["type"])
                (origin, originSlot) = (row["origin_id"], row["origin_slot"])
                (target, targetSlot) = (row["target_id"], row["target_slot"])
            } else {
                return nil
            }
        }
    }

    private mutating func add(_ row: Row, in scope: String) {
        guard let number = Self.number(row.number, in: scope),
            let node = Self.number(row.origin, in: scope)
        else { return }
        links[number] = Link(
            node: node, slot: Self.whole(row.originSlot), type: row.type as? String ?? "")
    }

    /// Reads the subgraph that a node stands for.
    private mutating func expand(
        _ node: EditorNode, _ number: String, _ properties: Any?, _ definition: [String: Any],
        _ subgraphs: inout Subgraphs
    ) -> Bool {
        let scope = "\(subgraphs.count):"
        let proxies = Self.proxies(properties)
        var (own, given) = ([String: Any](), [String: [String: Any]]())
        if proxies.isEmpty {
            own = values(of: node).filter { !($0.value is NSNull) }
        } else if let values = node.widgets as? [Any], values.count == proxies.count {
            // Without a value, the widget within the subgraph has its own.
            for (proxy, value) in zip(proxies, values) where !(value is NSNull) {
                if proxy.node == "-1" {
                    own[proxy.name] = value
                } else {
                    given[proxy.node, default: [:]][proxy.name] = value
                }
            }
        }
        own.merge(node.given) { _, given in given }
        let outside = Dictionary(
            node.inputs.map { ($0.name, $0.link) }, uniquingKeysWith: { first, _ in first })
        let names = (definition["inputs"] as? [Any] ?? []).map {
            ($0 as? [String: Any])?["name"] as? String ?? ""
        }
        let outputs = definition["outputs"] as? [Any] ?? []
        guard subgraphs.take(names.count + outputs.count + proxies.count) else { return false }
        let inputs = names.enumerated().map { place, name in
            var link = outside[name] ?? nil
            if link == nil, let value = own[name] {
                link = add(value, under: "\(scope)value \(place)")
            }
            return Input(name: name, type: "", link: link, isWidget: false)
        }
        let entry = Self.boundary("inputNode", of: definition) ?? "-10"
        let exit = Self.boundary("outputNode", of: definition) ?? "-20"
        subgraphs.depth += 1
        defer { subgraphs.depth -= 1 }
        guard add(definition, &subgraphs, in: scope, given: given) else { return false }
        nodes[scope + entry] = EditorNode(
            type: "", inputs: inputs, scope: scope, isBoundary: true)
        let last = (definition["links"] as? [Any] ?? []).compactMap(Row.init).filter {
            Self.number($0.target, in: "") == exit
        }
        let bySlot = Dictionary(
            last.map { (Self.whole($0.targetSlot), Self.number($0.number, in: scope)) },
            uniquingKeysWith: { first, _ in first })
        nodes[number] = EditorNode(
            type: node.type,
            inputs: outputs.indices.map {
                Input(name: "", type: "", link: bySlot[$0] ?? nil, isWidget: false)
            }, scope: node.scope, isBoundary: true)
        return true
    }

    /// Adds a node that holds a value alone, and a link from it.
    private mutating func add(_ value: Any, under number: String) -> String {
        nodes[number] = EditorNode(
            type: "PrimitiveNode", inputs: [], widgets: [value], scope: "")
        links[number] = Link(node: number, slot: 0, type: "")
        return number
    }

    /// The number of the node that the inputs or outputs of a subgraph are at.
    private static func boundary(_ name: String, of definition: [String: Any]) -> String? {
        number((definition[name] as? [String: Any])?["id"], in: "")
    }

    /// The widgets that a node shows of its subgraph, in the order of its values: each by the number of a node in it and
    /// a name, or by `-1` and the name of an input.
    private static func proxies(_ properties: Any?) -> [(node: String, name: String)] {
        let list = (properties as? [String: Any])?["proxyWidgets"] as? [Any] ?? []
        return list.map { entry in
            let parts = (entry as? [Any] ?? []).map { OtherSettings.text($0) ?? "" }
            return parts.count < 2 ? ("", "") : (parts[0], parts[1])
        }
    }
}
