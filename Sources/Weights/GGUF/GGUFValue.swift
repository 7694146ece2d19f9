/// The types of metadata values, with GGUF's numbers.
enum GGUFValueType: UInt32 {
    case uint8 = 0
    case int8
    case uint16
    case int16
    case uint32
    case int32
    case float32
    case bool
    case string
    case array
    case uint64
    case int64
    case float64

    /// Size of a value in bytes; for types of varying length, the minimum.
    var leastByteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .string, .uint64, .int64, .float64: 8
        case .array: 12
        }
    }
}

/// A metadata value. Numbers are decoded; strings and arrays are checked ranges of the file.
///
/// Arrays stay in the file, because unpacked they would take many times their size. Elements are decoded on demand.
enum GGUFValue {
    case int(Int)
    /// An unsigned number beyond the range of `Int`.
    case hugeInt(UInt64)
    case double(Double)
    case bool(Bool)
    /// The range of the string's bytes in the file.
    case string(Range<Int>)
    case array(GGUFArray)
}

/// A checked array in a mapped file.
struct GGUFArray {
    let type: GGUFValueType
    let count: Int
    /// Byte range of the elements.
    let range: Range<Int>
}

extension GGUFValue {
    /// Maximum nesting of arrays. No known file nests any.
    private static let depthLimit = 8

    /// Reads the value at the cursor. Arrays are checked and skipped.
    init(
        _ type: GGUFValueType, from cursor: inout ByteCursor, place: String, depth: Int = 0
    ) throws(CheckpointError) {
        switch type {
        case .uint8: self = .int(Int(try cursor.integer(UInt8.self, place)))
        case .int8: self = .int(Int(try cursor.integer(Int8.self, place)))
        case .uint16: self = .int(Int(try cursor.integer(UInt16.self, place)))
        case .int16: self = .int(Int(try cursor.integer(Int16.self, place)))
        case .uint32: self = .int(Int(try cursor.integer(UInt32.self, place)))
        case .int32: self = .int(Int(try cursor.integer(Int32.self, place)))
        case .int64: self = .int(Int(try cursor.integer(Int64.self, place)))
        case .uint64:
            let number = try cursor.integer(UInt64.self, place)
            self = Int(exactly: number).map { .int($0) } ?? .hugeInt(number)
        case .float32: self = .double(Double(Float(bitPattern: try cursor.integer(UInt32.self, place))))
        case .float64: self = .double(Double(bitPattern: try cursor.integer(UInt64.self, place)))
        case .bool:
            let byte = try cursor.integer(UInt8.self, place)
            guard byte <= 1 else {
                throw .damaged(path: cursor.file.path, place: place, problem: "has the truth value \(byte)")
            }
            self = .bool(byte == 1)
        case .string: self = .string(try cursor.string(place))
        case .array: self = .array(try GGUFArray(from: &cursor, place: place, depth: depth + 1))
        }
    }

    fileprivate static func checkDepth(_ depth: Int, _ cursor: ByteCursor, place: String) throws(CheckpointError) {
        guard depth <= depthLimit else {
            throw .damaged(
                path: cursor.file.path, place: place, problem: "has arrays nested deeper than \(depthLimit) levels")
        }
    }
}

extension GGUFArray {
    fileprivate init(from cursor: inout ByteCursor, place: String, depth: Int) throws(CheckpointError) {
        try GGUFValue.checkDepth(depth, cursor, place: place)
        type = try cursor.valueType(place)
        let claimed = try cursor.integer(UInt64.self, place)
        // This also rules out overflow of count × element size.
        guard claimed <= UInt64(cursor.remaining / type.leastByteCount) else {
            throw .damaged(
                path: cursor.file.path, place: place,
                problem: "says it has \(claimed) elements, but the file has only \(cursor.remaining) more bytes")
        }
        count = Int(claimed)
        let start = cursor.offset
        switch type {
        case .string: for _ in 0..<count { _ = try cursor.string(place) }
        case .array: for _ in 0..<count { _ = try GGUFArray(from: &cursor, place: place, depth: depth + 1) }
        default: _ = try cursor.take(UInt64(count * type.leastByteCount), place)
        }
        range = start..<cursor.offset
    }

    /// The elements as bytes; nil if they are not strings.
    func strings(in file: MappedFile) -> [[UInt8]]? {
        guard type == .string else { return nil }
        var cursor = ByteCursor(file, at: range.lowerBound)
        var strings: [[UInt8]] = []
        // Cannot fail: the initialiser has read the same strings.
        while cursor.offset < range.upperBound, let string = try? cursor.string("") {
            strings.append(file.copy(string))
        }
        return strings
    }

    /// The elements; nil if they are not integers.
    func integers(in file: MappedFile) -> [Int]? {
        guard type != .string, type != .array else { return nil }
        var cursor = ByteCursor(file, at: range.lowerBound)
        var numbers: [Int] = []
        while cursor.offset < range.upperBound {
            guard case .int(let number)? = try? GGUFValue(type, from: &cursor, place: "") else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}

extension ByteCursor {
    /// Reads a value type.
    mutating func valueType(_ place: String) throws(CheckpointError) -> GGUFValueType {
        let number = try integer(UInt32.self, place)
        guard let type = GGUFValueType(rawValue: number) else {
            throw .damaged(path: file.path, place: place, problem: "has the unknown value type \(number)")
        }
        return type
    }
}
