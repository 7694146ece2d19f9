import JSON
import Tensors

extension Manifest {
    /// Parses and checks a manifest.
    /// - Parameter path: the file's name in messages.
    /// - Throws: `CheckpointError.damaged`, or `.unsupported` for another version or a required feature.
    init(_ bytes: [UInt8], path: String) throws(CheckpointError) {
        let reader = ManifestReader(path: path)
        let root = try reader.parse(bytes)
        try reader.checkVersion(root)
        try reader.checkSeal(bytes)
        guard let configuration = root["configuration"]?.objectValue else {
            throw reader.damaged("configuration", "is missing or not an object")
        }
        self.configuration = configuration
        files = try reader.list("files", in: root) { value, place throws(CheckpointError) in
            try reader.file(value, place)
        }
        shards = try reader.list("shards", in: root) { value, place throws(CheckpointError) in
            try reader.shard(value, place)
        }
        let shards = shards
        tensors = try reader.list("tensors", in: root) { value, place throws(CheckpointError) in
            try reader.tensor(value, place, shards: shards)
        }
        try reader.checkNames(self)
        try reader.checkTiling(self)
    }
}

/// Extracts a manifest's fields from JSON. Checks every number.
private struct ManifestReader {
    let path: String

    func damaged(_ place: String, _ problem: String) -> CheckpointError {
        .damaged(path: path, place: place, problem: problem)
    }

    func parse(_ bytes: [UInt8]) throws(CheckpointError) -> JSONObject {
        let root: JSONValue
        do throws(JSONSyntaxError) {
            root = try JSONValue(parsing: bytes, limits: .manifest)
        } catch {
            throw damaged("the JSON text", error.description)
        }
        guard let object = root.objectValue else { throw damaged("the whole file", "is \(root), not an object") }
        return object
    }

    func checkVersion(_ root: JSONObject) throws(CheckpointError) {
        guard root["format"]?.stringValue == Manifest.format else {
            throw damaged("format", "is not \(quoted(Manifest.format))")
        }
        guard let version = root["version"]?.intValue else { throw damaged("version", "is missing") }
        guard version == Manifest.version else {
            throw .unsupported(
                path: path, place: "version", problem: "is \(version), and this program reads \(Manifest.version)",
                remedy: "update volley, or pack the checkpoint again with this one")
        }
        guard let features = root["requires"]?.arrayValue else { throw damaged("requires", "is missing") }
        if let feature = features.first {
            throw .unsupported(
                path: path, place: "requires", problem: "asks for \(feature), which this program does not have",
                remedy: "update volley, or pack the checkpoint again with this one")
        }
    }

    /// Verifies the manifest's own checksum, which detects changed numbers.
    func checkSeal(_ bytes: [UInt8]) throws(CheckpointError) {
        let text = bytes.dropLast(ManifestSeal.byteCount)
        let seal = String(decoding: bytes.suffix(ManifestSeal.byteCount), as: UTF8.self)
        guard seal.hasPrefix(ManifestSeal.start), seal.hasSuffix(ManifestSeal.end),
            let stated = Checksum(String(seal.dropFirst(ManifestSeal.start.count).dropLast(ManifestSeal.end.count)))
        else { throw damaged("the end", "is not the checksum that a manifest ends with") }
        let found = text.withUnsafeBytes { Checksum(of: $0) }
        guard found == stated else {
            throw damaged("checksum", "is \(stated.text), but the text before it has \(found.text)")
        }
    }

    func list<Element>(
        _ name: String, in root: JSONObject,
        _ read: (JSONValue, String) throws(CheckpointError) -> Element
    ) throws(CheckpointError) -> [Element] {
        guard let values = root[name]?.arrayValue else { throw damaged(name, "is missing or not a list") }
        var elements: [Element] = []
        elements.reserveCapacity(values.count)
        for (index, value) in values.enumerated() { elements.append(try read(value, "\(name)[\(index)]")) }
        return elements
    }

    func file(_ value: JSONValue, _ place: String) throws(CheckpointError) -> Manifest.File {
        Manifest.File(
            name: try plainName(value["name"], place), byteCount: try size(value["bytes"], "\(place).bytes"),
            checksum: try checksum(value["checksum"], place))
    }

    func shard(_ value: JSONValue, _ place: String) throws(CheckpointError) -> Manifest.Shard {
        guard let compression = value["compression"]?.stringValue.flatMap(Manifest.Compression.init) else {
            throw damaged("\(place).compression", "is neither 'lz4' nor 'none'")
        }
        return Manifest.Shard(
            name: try plainName(value["name"], place), byteCount: try size(value["bytes"], "\(place).bytes"),
            compression: compression)
    }

    func tensor(
        _ value: JSONValue, _ place: String, shards: [Manifest.Shard]
    ) throws(CheckpointError) -> Manifest.Tensor {
        guard let name = value["name"]?.stringValue, !name.isEmpty else { throw damaged("\(place).name", "is missing") }
        let place = "tensor \(quoted(name))"
        guard let format = value["format"]?.stringValue.flatMap(StorageFormat.init) else {
            throw damaged(place, "has no format that is known")
        }
        guard let filter = value["filter"]?.stringValue.flatMap(Manifest.Filter.init),
            filter == .none || format.wordByteCount != nil
        else { throw damaged(place, "has no filter that goes with its format") }
        let dimensions = value["shape"]?.arrayValue ?? []
        let shape = dimensions.compactMap(\.intValue)
        guard shape.count == dimensions.count, !shape.isEmpty, let byteCount = byteCount(ofShape: shape, format) else {
            throw damaged(place, "has a shape that no tensor of its format can have")
        }
        var frames: [Manifest.Frame] = []
        for element in value["frames"]?.arrayValue ?? [] {
            frames.append(try frame(element, place, shards: shards, format))
        }
        let tensor = Manifest.Tensor(name: name, shape: shape, format: format, filter: filter, frames: frames)
        guard filter == .none || frames.allSatisfy({ shards[$0.shard].compression == .lz4 }) else {
            throw damaged(place, "has a filter, but lies in a shard that is mapped as it is")
        }
        guard tensor.byteCount == byteCount else {
            throw damaged(place, "its frames hold \(tensor.byteCount) bytes, but its shape needs \(byteCount)")
        }
        return tensor
    }

    private func frame(
        _ value: JSONValue, _ place: String, shards: [Manifest.Shard], _ format: StorageFormat
    ) throws(CheckpointError) -> Manifest.Frame {
        guard let parts = value.arrayValue, parts.count == 5, let shard = parts[0].intValue,
            shards.indices.contains(shard)
        else { throw damaged(place, "has a frame that is no list of shard, offset, two sizes and checksum") }
        let offset = try size(parts[1], place)
        let storedCount = try size(parts[2], place)
        let contentCount = try size(parts[3], place)
        guard storedCount <= shards[shard].byteCount, offset <= shards[shard].byteCount - storedCount else {
            throw damaged(place, "has a frame that ends beyond its shard \(quoted(shards[shard].name))")
        }
        guard (1...Manifest.frameByteLimit).contains(contentCount), contentCount.isMultiple(of: format.bytesPerBlock)
        else { throw damaged(place, "has a frame of \(contentCount) bytes") }
        // An LZ4 frame expands at most 255-fold. Refuse impossible claims before allocating memory.
        let isPossible =
            switch shards[shard].compression {
            case .lz4: storedCount <= LZ4Frame.bound(contentCount) && contentCount <= 255 * storedCount
            case .none: storedCount == contentCount
            }
        guard isPossible else {
            throw damaged(place, "has a frame of \(storedCount) bytes that cannot hold \(contentCount)")
        }
        return Manifest.Frame(
            shard: shard, offset: offset, storedCount: storedCount, contentCount: contentCount,
            checksum: try checksum(parts[4], place))
    }

    /// Parses a file name, which must be in the checkpoint's own directory.
    private func plainName(_ value: JSONValue?, _ place: String) throws(CheckpointError) -> String {
        guard let name = value?.stringValue, !name.isEmpty, name.utf8.first != UInt8(ascii: "."),
            !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 < 0x20 }), name.utf8.count <= 255
        else { throw damaged("\(place).name", "is no plain file name") }
        return name
    }

    private func size(_ value: JSONValue?, _ place: String) throws(CheckpointError) -> Int {
        guard let size = value?.intValue, (0..<1 << 50).contains(size) else {
            throw damaged(place, "has no valid size")
        }
        return size
    }

    private func checksum(_ value: JSONValue?, _ place: String) throws(CheckpointError) -> Checksum {
        guard let checksum = value?.stringValue.flatMap({ Checksum($0) }) else {
            throw damaged(place, "has no checksum of 16 hexadecimal digits")
        }
        return checksum
    }
}

extension ManifestReader {
    fileprivate func checkNames(_ manifest: Manifest) throws(CheckpointError) {
        var names: Set<[UInt8]> = [Array(Manifest.fileName.utf8)]
        for name in manifest.files.map(\.name) + manifest.shards.map(\.name)
        where !names.insert(Array(name.utf8)).inserted {
            throw damaged("files and shards", "name \(quoted(name)) twice")
        }
        var tensors: Set<[UInt8]> = []
        for tensor in manifest.tensors where !tensors.insert(Array(tensor.name.utf8)).inserted {
            throw damaged("tensors", "name \(quoted(tensor.name)) twice")
        }
    }

    /// Checks the layout of shards. Compressed shards consist of frames without gaps. In uncompressed shards, which are
    /// mapped, each tensor is contiguous; gaps between tensors are never read.
    fileprivate func checkTiling(_ manifest: Manifest) throws(CheckpointError) {
        var frames = [[Manifest.Frame]](repeating: [], count: manifest.shards.count)
        for tensor in manifest.tensors {
            for frame in tensor.frames { frames[frame.shard].append(frame) }
            for (frame, next) in zip(tensor.frames, tensor.frames.dropFirst())
            where manifest.shards[frame.shard].compression == .none {
                guard next.shard == frame.shard, next.offset == frame.offset + frame.storedCount else {
                    throw damaged("tensor \(quoted(tensor.name))", "is not contiguous")
                }
            }
        }
        for (shard, frames) in zip(manifest.shards, frames) {
            var end = 0
            for frame in frames.sorted(by: { $0.offset < $1.offset }) {
                guard frame.offset >= end, shard.compression == .none || frame.offset == end else {
                    throw damaged("shard \(quoted(shard.name))", "has frames that overlap, or bytes outside of frames")
                }
                end = frame.offset + frame.storedCount
            }
            guard end == shard.byteCount else {
                throw damaged("shard \(quoted(shard.name))", "has bytes after its last frame")
            }
        }
    }
}
