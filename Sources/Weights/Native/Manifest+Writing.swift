import JSON
import Tensors

extension Manifest {
    /// The file's bytes: one JSON object whose last field is the checksum of all that comes before it.
    func encoded() -> [UInt8] {
        let object: JSONObject = [
            "format": .string(Self.format), "version": .int(Self.version), "requires": .array([]),
            "configuration": .object(configuration), "files": .array(files.map(\.json)),
            "shards": .array(shards.map(\.json)), "tensors": .array(tensors.map(\.json)),
        ]
        return ManifestSeal.sealed(Array(JSONValue.object(object).text.utf8.dropLast()))
    }
}

/// How a manifest ends.
package enum ManifestSeal {
    static let start = #","checksum":""#
    static let end = "\"}\n"
    static let byteCount = start.utf8.count + 16 + end.utf8.count

    /// - Parameter text: an object, but for its last brace.
    package static func sealed(_ text: [UInt8]) -> [UInt8] {
        let checksum = text.withUnsafeBytes { Checksum(of: $0) }
        return text + Array((start + checksum.text + end).utf8)
    }

    /// What `sealed` was given.
    package static func opened(_ manifest: [UInt8]) -> [UInt8] { manifest.dropLast(byteCount) }
}

extension Manifest.File {
    fileprivate var json: JSONValue {
        .object(["name": .string(name), "bytes": .int(byteCount), "checksum": .string(checksum.text)])
    }
}

extension Manifest.Shard {
    fileprivate var json: JSONValue {
        .object(["name": .string(name), "bytes": .int(byteCount), "compression": .string(compression.rawValue)])
    }
}

extension Manifest.Tensor {
    fileprivate var json: JSONValue {
        .object([
            "name": .string(name), "shape": .array(shape.map { .int($0) }), "format": .string(format.rawValue),
            "filter": .string(filter.rawValue), "frames": .array(frames.map(\.json)),
        ])
    }
}

extension Manifest.Frame {
    fileprivate var json: JSONValue {
        .array([.int(shard), .int(offset), .int(storedCount), .int(contentCount), .string(checksum.text)])
    }
}
