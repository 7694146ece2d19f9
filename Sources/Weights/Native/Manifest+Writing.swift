import JSON
import Tensors

extension Manifest {
    /// The file's bytes: a JSON object whose last field is the checksum of everything before it.
    func encoded() -> [UInt8] {
        let object: JSONObject = [
            "format": .string(Self.format), "version": .int(Self.version), "requires": .array([]),
            "configuration": .object(configuration), "files": .array(files.map(\.json)),
            "shards": .array(shards.map(\.json)), "tensors": .array(tensors.map(\.json)),
        ]
        return ManifestSeal.sealed(Array(JSONValue.object(object).text.utf8.dropLast()))
    }
}

/// The checksum at the end of a manifest.
package enum ManifestSeal {
    static let start = #","checksum":""#
    static let end = "\"}\n"
    static let byteCount = start.utf8.count + 16 + end.utf8.count

    /// Appends the checksum and the closing brace.
    /// - Parameter text: a JSON object without its closing brace.
    package static func sealed(_ text: [UInt8]) -> [UInt8] {
        let checksum = text.withUnsafeBytes { Checksum(of: $0) }
        return text + Array((start + checksum.text + end).utf8)
    }

    /// Removes the checksum: the inverse of `sealed`.
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
