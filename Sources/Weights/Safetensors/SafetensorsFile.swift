import JSON
import Tensors

/// Reads the header of a safetensors file. Layout: 8 bytes of header length (little-endian); the header as JSON,
/// `{name: {dtype, shape, data_offsets: [begin, end]}, "__metadata__": {…}}`; the data, from which offsets count.
enum SafetensorsFile {
    /// The format's own limit on the header, in bytes.
    private static let headerLimit = 100_000_000

    /// All tensors. Checks locations, shapes and sizes against each other and the file.
    /// - Throws: `CheckpointError.damaged`, also if tensors overlap or leave bytes unused, as the format forbids.
    static func tensors(in file: MappedFile) throws(CheckpointError) -> [String: TensorLocation] {
        let headerRange = try headerRange(in: file)
        let header: JSONValue
        do {
            header = try JSONValue(parsing: file.copy(headerRange), limits: .longList)
        } catch {
            throw .damaged(path: file.path, place: "the header", problem: error.description)
        }
        guard let entries = header.objectValue else {
            throw .damaged(path: file.path, place: "the header", problem: "is \(header), not an object")
        }
        let data = headerRange.upperBound..<file.bytes.count
        var locations: [String: TensorLocation] = [:]
        for (name, entry) in entries where name != "__metadata__" {
            locations[name] = try location(of: name, entry, data: data, in: file)
        }
        try checkTiling(locations, data: data, in: file)
        return locations
    }

    private static func headerRange(in file: MappedFile) throws(CheckpointError) -> Range<Int> {
        let size = file.bytes.count
        guard size >= 8 else {
            throw .damaged(
                path: file.path, place: "the header's length",
                problem: "the file has \(size) bytes, and a safetensors file begins with 8 bytes of length")
        }
        let length = file.withBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(size - 8) else {
            throw .damaged(
                path: file.path, place: "the header's length",
                problem: "says \(length) bytes, but only \(size - 8) follow")
        }
        guard length <= UInt64(headerLimit) else {
            throw .damaged(
                path: file.path, place: "the header's length",
                problem: "says \(length) bytes, and the format allows \(headerLimit)")
        }
        return 8..<8 + Int(length)
    }
}

extension SafetensorsFile {
    private static func location(
        of name: String, _ entry: JSONValue, data: Range<Int>, in file: MappedFile
    ) throws(CheckpointError) -> TensorLocation {
        func damaged(_ problem: String) -> CheckpointError {
            .damaged(path: file.path, place: "tensor \(quoted(name))", problem: problem)
        }
        guard let dtype = entry["dtype"]?.stringValue else { throw damaged("has no dtype") }
        guard let shape = wholeNumbers(entry["shape"]) else {
            throw damaged("its shape is not a list of whole numbers")
        }
        guard let offsets = wholeNumbers(entry["data_offsets"]), offsets.count == 2 else {
            throw damaged("its data_offsets are not two whole numbers")
        }
        let (begin, end) = (offsets[0], offsets[1])
        guard begin >= 0, begin <= end, end <= data.count else {
            throw damaged("its data_offsets [\(begin), \(end)] are not inside the file's \(data.count) bytes of data")
        }
        guard valueCount(ofShape: shape) != nil else {
            throw damaged("its shape \(shape) has a negative size or too many values")
        }
        if let valueBytes = bytesPerValue[dtype] {
            let expected = valueCount(ofShape: shape + [valueBytes])
            guard expected == end - begin else {
                throw damaged(
                    "its shape \(shape) in \(dtype) takes \(expected.map(String.init) ?? "more than 2^63") bytes, "
                        + "but its data_offsets hold \(end - begin)")
            }
        }
        return TensorLocation(
            file: file, byteRange: data.lowerBound + begin..<data.lowerBound + end, shape: shape,
            type: dtype == "F8_E4M3" ? .e4m3 : formats[dtype].map { .known($0) } ?? .unknown(quoted(dtype)))
    }

    private static let formats: [String: StorageFormat] = ["F32": .f32, "BF16": .bf16, "F16": .f16]

    /// Types whose values are whole bytes. The size of other types is not checked: they are never read.
    private static let bytesPerValue: [String: Int] = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "U16": 2, "I16": 2, "F16": 2,
        "BF16": 2, "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
    ]

    private static func wholeNumbers(_ value: JSONValue?) -> [Int]? {
        guard let elements = value?.arrayValue else { return nil }
        let numbers = elements.compactMap(\.intValue)
        return numbers.count == elements.count ? numbers : nil
    }
}

extension SafetensorsFile {
    /// The format requires every data byte to belong to exactly one tensor. Truncated files, and headers that belong to
    /// other data, fail here.
    private static func checkTiling(
        _ locations: [String: TensorLocation], data: Range<Int>, in file: MappedFile
    ) throws(CheckpointError) {
        let ordered = locations.sorted {
            ($0.value.byteRange.lowerBound, $0.value.byteRange.upperBound, $0.key)
                < ($1.value.byteRange.lowerBound, $1.value.byteRange.upperBound, $1.key)
        }
        var next = data.lowerBound
        for (name, location) in ordered {
            let begin = location.byteRange.lowerBound
            guard begin == next else {
                throw .damaged(
                    path: file.path, place: "tensor \(quoted(name))",
                    problem: begin < next
                        ? "overlaps the tensor before it by \(next - begin) bytes"
                        : "begins \(begin - next) bytes after the end of the tensor before it")
            }
            next = location.byteRange.upperBound
        }
        guard next == data.upperBound else {
            throw .damaged(
                path: file.path, place: "the data",
                problem: "\(data.upperBound - next) bytes after the last tensor belong to none")
        }
    }
}
