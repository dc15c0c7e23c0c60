import Files

/// The tensors of a safetensors file by name, in the order of their data.
///
/// A tensor's description is made when it is asked for.
public struct TensorTable: Sendable, RandomAccessCollection {
    /// A tensor and its name.
    public typealias Element = (key: String, value: Safetensors.Entry)

    private let header: SafetensorsHeader
    private let path: String
    private let file: MappedFile
    private let dataStart: Int

    init(_ header: SafetensorsHeader, path: String, file: MappedFile, dataStart: Int) {
        (self.header, self.path, self.file, self.dataStart) = (header, path, file, dataStart)
    }

    /// 0.
    public var startIndex: Int { 0 }
    /// How many tensors there are.
    public var endIndex: Int { header.names.count }
    /// The names.
    public var keys: [String] { header.names }
    /// The tensors.
    public var values: some Collection<Safetensors.Entry> { lazy.map(\.value) }

    /// The tensor at a place.
    public subscript(place: Int) -> Element {
        let (name, row) = (header.names[place], header.rows[place])
        let entry = Safetensors.Entry(
            dataType: SafetensorsHeader.typeNames[Int(row.type)], shape: header.shape(row),
            path: path, name: name, file: file,
            range: dataStart + row.range.lowerBound..<dataStart + row.range.upperBound)
        return (name, entry)
    }

    /// The tensor of that name; names are equal where all bytes are.
    public subscript(name: String) -> Safetensors.Entry? {
        header.place(of: name).map { self[$0].value }
    }

    /// How many numbers there are of each data type.
    var parameters: [String: Int] {
        var counts = [Int](repeating: 0, count: SafetensorsHeader.types.count)
        for row in header.rows { counts[Int(row.type)] += header.count(row) }
        return Dictionary(
            uniqueKeysWithValues: zip(SafetensorsHeader.typeNames, counts).filter { $1 > 0 })
    }

    /// Whether any name begins so.
    func hasPrefix(_ prefix: String) -> Bool {
        header.names.contains { $0.hasPrefix(prefix) }
    }

    /// As a dictionary. Of names that Swift takes for the same text, the first is in it.
    var dictionary: [String: Safetensors.Entry] {
        Dictionary(map { ($0.key, $0.value) }) { first, _ in first }
    }
}
