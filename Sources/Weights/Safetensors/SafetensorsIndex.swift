import JSON

/// `model.safetensors.index.json`, which maps each tensor to its file ("shard") in the directory.
struct SafetensorsIndex {
    let path: String
    /// Shard by tensor name. A shard is a plain file name.
    let shards: [String: String]

    static let fileName = "model.safetensors.index.json"

    /// - Throws: `CheckpointError` if the index is invalid or names a file outside its directory.
    init(_ file: MappedFile) throws(CheckpointError) {
        path = file.path
        let index = try file.parseJSON(limits: .longList)
        guard let map = index["weight_map"]?.objectValue else {
            throw .damaged(path: file.path, place: "weight_map", problem: "is missing or not an object")
        }
        var shards: [String: String] = [:]
        for (tensor, value) in map {
            guard let shard = value.stringValue, Self.isPlainName(shard) else {
                throw .damaged(
                    path: file.path, place: "weight_map, tensor \(quoted(tensor))",
                    problem: "names \(value) as its file, which is not a file name in the same directory")
            }
            shards[tensor] = shard
        }
        self.shards = shards
    }

    /// All tensors of the index, from the shards in `directory`.
    /// - Throws: `CheckpointError` if a shard is missing, damaged, or lacks a listed tensor.
    func tensors(in directory: String) throws(CheckpointError) -> [String: TensorLocation] {
        var shardTensors: [String: [String: TensorLocation]] = [:]
        for shard in Set(shards.values).sorted() {
            let shardPath = joinedPath(directory, shard)
            guard PathKind(shardPath) == .file else {
                throw .damaged(
                    path: path, place: "weight_map", problem: "names \(quoted(shard)), and there is no such file")
            }
            shardTensors[shard] = try SafetensorsFile.tensors(in: MappedFile(path: shardPath))
        }
        var locations: [String: TensorLocation] = [:]
        for (tensor, shard) in shards {
            guard let location = shardTensors[shard]?[tensor] else {
                throw .damaged(
                    path: path, place: "weight_map, tensor \(quoted(tensor))",
                    problem: "should be in \(quoted(shard)), and is not")
            }
            locations[tensor] = location
        }
        return locations
    }

    /// Whether `name` stays in its directory. An index must not make the program read other files.
    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }
}
