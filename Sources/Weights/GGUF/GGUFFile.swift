import JSON
import Tensors

/// The header of a GGUF file, version 2 or 3: metadata and tensor locations, with all sizes checked.
///
/// Layout: `GGUF`, version, tensor count, metadata count; the metadata; the tensor infos; padding to the alignment; data.
struct GGUFFile {
    let file: MappedFile
    let metadata: [String: GGUFValue]
    /// Byte range and number of the metadata entries.
    let metadataRange: Range<Int>
    let metadataCount: Int
    /// Tensors by their GGUF names, with row-major shapes.
    let tensors: [String: TensorLocation]

    /// - Throws: `CheckpointError` for the first inconsistency.
    init(_ file: MappedFile) throws(CheckpointError) {
        self.file = file
        var cursor = ByteCursor(file)
        try Self.checkMagicAndVersion(&cursor)
        // Minimum sizes. Tensor: name length, dimension count, type, offset. Metadata: key length, type, one byte.
        let tensorCount = try cursor.count("the tensor count", leastByteCount: 24)
        metadataCount = try cursor.count("the metadata count", leastByteCount: 13)
        let metadataStart = cursor.offset
        metadata = try Self.readMetadata(metadataCount, &cursor)
        metadataRange = metadataStart..<cursor.offset
        let alignment = try Self.alignment(metadata, file)
        var infos: [GGUFTensorInfo] = []
        for index in 0..<tensorCount { infos.append(try GGUFTensorInfo(from: &cursor, index: index)) }
        tensors = try Self.place(infos, headerEnd: cursor.offset, alignment: alignment, in: file)
    }

    private static func checkMagicAndVersion(_ cursor: inout ByteCursor) throws(CheckpointError) {
        let path = cursor.file.path
        guard cursor.file.withBytes({ $0.prefix(4).elementsEqual("GGUF".utf8) }) else {
            throw .notACheckpoint(path: path, problem: "is a file that does not begin with 'GGUF'")
        }
        _ = try cursor.take(4, "the magic number")
        let version = try cursor.integer(UInt32.self, "the version")
        guard version != 2, version != 3 else { return }
        let isBigEndian = version.byteSwapped == 2 || version.byteSwapped == 3
        throw .unsupported(
            path: path, place: "the version",
            problem: isBigEndian ? "the file is big-endian" : "is \(version), and versions 2 and 3 are known",
            remedy: "convert the checkpoint again with a current converter, for a little-endian machine")
    }

    private static func readMetadata(
        _ count: Int, _ cursor: inout ByteCursor
    ) throws(CheckpointError) -> [String: GGUFValue] {
        var metadata: [String: GGUFValue] = [:]
        for index in 0..<count {
            let key = try cursor.name("metadata entry \(index)")
            let place = "metadata \(quoted(key))"
            let type = try cursor.valueType(place)
            let value = try GGUFValue(type, from: &cursor, place: place)
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw .damaged(path: cursor.file.path, place: place, problem: "is there twice")
            }
        }
        return metadata
    }

    private static func alignment(_ metadata: [String: GGUFValue], _ file: MappedFile) throws(CheckpointError) -> Int {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard case .int(let alignment) = value, alignment > 0, alignment <= 1 << 30, alignment.nonzeroBitCount == 1
        else {
            throw .damaged(
                path: file.path, place: "metadata 'general.alignment'", problem: "is not a power of two up to 2^30")
        }
        return alignment
    }
}

extension ByteCursor {
    /// Reads a 64-bit count of items that take at least `leastByteCount` bytes each.
    fileprivate mutating func count(_ place: String, leastByteCount: Int) throws(CheckpointError) -> Int {
        let claimed = try integer(UInt64.self, place)
        guard claimed <= UInt64(remaining / leastByteCount) else {
            throw .damaged(
                path: file.path, place: place,
                problem: "says \(claimed), but the file has only \(remaining) more bytes")
        }
        return Int(claimed)
    }
}

/// A tensor entry of the header.
private struct GGUFTensorInfo {
    let name: String
    /// Row-major, the reverse of the file's order.
    let shape: [Int]
    let type: TensorLocation.StoredType
    /// Offset from the start of the data.
    let offset: UInt64

    private static let dimensionLimit: UInt32 = 4

    init(from cursor: inout ByteCursor, index: Int) throws(CheckpointError) {
        let path = cursor.file.path
        let name = try cursor.name("tensor number \(index)")
        let place = "tensor \(quoted(name))"
        let rank = try cursor.integer(UInt32.self, place)
        guard rank <= Self.dimensionLimit else {
            throw .damaged(path: path, place: place, problem: "has \(rank) dimensions, and the format allows 4")
        }
        var shape: [Int] = []
        for _ in 0..<rank {
            let dimension = try cursor.integer(UInt64.self, place)
            guard let dimension = Int(exactly: dimension) else {
                throw .damaged(path: path, place: place, problem: "has a dimension of \(dimension)")
            }
            shape.insert(dimension, at: 0)
        }
        guard valueCount(ofShape: shape) != nil else {
            throw .damaged(path: path, place: place, problem: "its shape \(shape) has too many values")
        }
        self.name = name
        self.shape = shape
        type = GGUFTensorType.stored(try cursor.integer(UInt32.self, place))
        offset = try cursor.integer(UInt64.self, place)
    }

    /// Size of the tensor; nil if its rows are not whole blocks. 0 for an unknown type, which is never read.
    var byteCount: Int? {
        switch type {
        case .known(let format): Weights.byteCount(ofShape: shape, format)
        case .e4m3, .unknown: 0
        }
    }
}

extension GGUFFile {
    /// Computes each tensor's location. Refuses tensors that are out of bounds, misaligned or overlapping.
    private static func place(
        _ infos: [GGUFTensorInfo], headerEnd: Int, alignment: Int, in file: MappedFile
    ) throws(CheckpointError) -> [String: TensorLocation] {
        guard !infos.isEmpty else { return [:] }
        // Cannot overflow: both are far below 2^62.
        let dataStart = (headerEnd + alignment - 1) / alignment * alignment
        guard dataStart <= file.bytes.count else {
            throw .damaged(
                path: file.path, place: "the data",
                problem: "should begin at byte \(dataStart), but the file has \(file.bytes.count) bytes")
        }
        let dataSize = file.bytes.count - dataStart
        var locations: [String: TensorLocation] = [:]
        var end = dataStart
        for info in infos.sorted(by: { $0.offset < $1.offset }) {
            func damaged(_ problem: String) -> CheckpointError {
                .damaged(path: file.path, place: "tensor \(quoted(info.name))", problem: problem)
            }
            guard let size = info.byteCount else {
                throw damaged("its rows of \(info.shape.last ?? 1) values are not whole blocks of \(info.type.name)")
            }
            guard info.offset <= UInt64(dataSize), size <= dataSize - Int(info.offset) else {
                throw damaged(
                    "takes \(size) bytes at offset \(info.offset), but the file has \(dataSize) bytes of data")
            }
            guard info.offset.isMultiple(of: UInt64(alignment)) else {
                throw damaged("its offset \(info.offset) is not a multiple of the alignment \(alignment)")
            }
            let start = dataStart + Int(info.offset)
            guard start >= end else { throw damaged("overlaps the tensor before it by \(end - start) bytes") }
            end = start + size
            let location = TensorLocation(file: file, byteRange: start..<end, shape: info.shape, type: info.type)
            guard locations.updateValue(location, forKey: info.name) == nil else { throw damaged("is there twice") }
        }
        return locations
    }
}
