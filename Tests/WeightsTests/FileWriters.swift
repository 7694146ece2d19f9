import Tensors

/// Writes valid and invalid safetensors files.
struct SafetensorsWriter {
    /// The JSON text, valid or not.
    var header: String
    var data: [UInt8] = []
    /// Overrides the header's length.
    var claimedLength: UInt64?

    func bytes() -> [UInt8] {
        littleEndian(claimedLength ?? UInt64(header.utf8.count)) + Array(header.utf8) + data
    }
}

/// Writes valid and invalid GGUF files.
struct GGUFWriter {
    enum Value {
        case uint32(UInt32)
        case float32(Float)
        case bool(UInt8)
        case text([UInt8])
        case texts([String])
        case int32s([Int32])
        /// A raw type number and bytes.
        case raw(UInt32, [UInt8])
    }

    struct Tensor {
        var name: [UInt8]
        /// In the file's order, columns first.
        var dimensions: [UInt64]
        var type: UInt32
        var data: [UInt8]
        /// Overrides the offset.
        var offset: UInt64?
    }

    var magic = Array("GGUF".utf8)
    var version: UInt32 = 3
    var alignment = 32
    var metadata: [(key: [UInt8], value: Value)] = []
    var tensors: [Tensor] = []
    /// Override the counts.
    var tensorCount: UInt64?
    var metadataCount: UInt64?

    mutating func set(_ key: String, _ value: Value) {
        metadata.removeAll { $0.key == Array(key.utf8) }
        metadata.append((Array(key.utf8), value))
    }

    mutating func add(_ name: String, _ dimensions: [UInt64], _ type: UInt32, _ data: [UInt8], offset: UInt64? = nil) {
        tensors.append(
            Tensor(name: Array(name.utf8), dimensions: dimensions, type: type, data: data, offset: offset))
    }

    func bytes() -> [UInt8] {
        var header = magic + littleEndian(version)
        header += littleEndian(tensorCount ?? UInt64(tensors.count))
        header += littleEndian(metadataCount ?? UInt64(metadata.count))
        for (key, value) in metadata { header += text(key) + encoded(value) }
        var data: [UInt8] = []
        for tensor in tensors {
            header += text(tensor.name) + littleEndian(UInt32(tensor.dimensions.count))
            header += tensor.dimensions.flatMap { littleEndian($0) } + littleEndian(tensor.type)
            header += littleEndian(tensor.offset ?? UInt64(data.count))
            data += tensor.data
            pad(&data)
        }
        pad(&header)
        return header + data
    }

    private func pad(_ bytes: inout [UInt8]) {
        while !bytes.count.isMultiple(of: alignment) { bytes.append(0) }
    }

    private func text(_ bytes: [UInt8]) -> [UInt8] { littleEndian(UInt64(bytes.count)) + bytes }

    private func encoded(_ value: Value) -> [UInt8] {
        switch value {
        case .uint32(let number): littleEndian(UInt32(4)) + littleEndian(number)
        case .float32(let number): littleEndian(UInt32(6)) + littleEndian(number.bitPattern)
        case .bool(let byte): littleEndian(UInt32(7)) + [byte]
        case .text(let bytes): littleEndian(UInt32(8)) + text(bytes)
        case .texts(let texts):
            littleEndian(UInt32(9)) + littleEndian(UInt32(8)) + littleEndian(UInt64(texts.count))
                + texts.flatMap { text(Array($0.utf8)) }
        case .int32s(let numbers):
            littleEndian(UInt32(9)) + littleEndian(UInt32(5)) + littleEndian(UInt64(numbers.count))
                + numbers.flatMap { littleEndian($0) }
        case .raw(let type, let bytes): littleEndian(type) + bytes
        }
    }
}

extension GGUFWriter {
    /// The metadata of a one-layer Llama: 64 wide, 4 query heads and 2 key heads of width 16.
    static func llama() -> GGUFWriter {
        var writer = GGUFWriter()
        writer.set("general.architecture", .text(Array("llama".utf8)))
        writer.set("llama.block_count", .uint32(1))
        writer.set("llama.context_length", .uint32(128))
        writer.set("llama.embedding_length", .uint32(64))
        writer.set("llama.feed_forward_length", .uint32(96))
        writer.set("llama.attention.head_count", .uint32(4))
        writer.set("llama.attention.head_count_kv", .uint32(2))
        writer.set("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
        writer.set("llama.rope.freq_base", .float32(10000))
        return writer
    }
}

/// GGUF's type number of a format.
func ggufType(_ format: StorageFormat) -> UInt32 {
    switch format {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q5_0: 6
    case .q5_1: 7
    case .q8_0: 8
    case .q2_K: 10
    case .q3_K: 11
    case .q4_K: 12
    case .q5_K: 13
    case .q6_K: 14
    case .iq4_nl: 20
    case .iq4_xs: 23
    case .bf16: 30
    }
}

func littleEndian<T: FixedWidthInteger>(_ number: T) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
