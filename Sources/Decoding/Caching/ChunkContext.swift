import Models
import Tensors
import Weights

/// What keys and values depend on besides tokens and what the head was fed: a chunk of another context is never used.
struct ChunkContext: Equatable {
    /// Names the checkpoint to people; it may differ.
    let modelName: String
    /// Names and values, in a fixed order.
    let fields: [String]

    /// Changes whenever kernels or passes compute other bits.
    private static let arithmeticVersion = 1

    init(_ engine: Engine, modelName: String) {
        let (options, configuration) = (engine.options, engine.stack.configuration)
        self.modelName = modelName
        var fields = [
            "arithmetic \(Self.arithmeticVersion)",
            "weights \(engine.stack.checksum(threadCount: options.threadCount))",
            "trunk of \(configuration.trunkLayerCount) layers", "keys and values \(options.kvFormat.rawValue)",
            "activations \(options.activations.rawValue)", "window \(options.window.map { "\($0)" } ?? "none")",
            "sinks \(options.sinkCount)", "instructions \(InstructionSet.best.rawValue)",
            "chunks of \(engine.cachedRows)",
        ]
        if !engine.isRowExact { fields += ["threads \(options.threadCount)", "BLAS \(OpenBLAS.name)"] }
        self.fields = fields
    }

    init(_ reader: inout FieldReader) throws(Damage) {
        modelName = try reader.text()
        let count = try reader.int()
        guard (1...32).contains(count) else { throw Damage("its context is impossible") }
        var fields: [String] = []
        for _ in 0..<count { fields.append(try reader.text()) }
        self.fields = fields
    }

    func write(to writer: inout FieldWriter) {
        writer.append(modelName)
        writer.append(fields.count)
        for field in fields { writer.append(field) }
    }

    static func == (left: ChunkContext, right: ChunkContext) -> Bool { left.fields == right.fields }
}

/// The prefix that ends with a chunk, and so identifies it.
struct ChunkPrefix: Equatable {
    let context: ChunkContext
    /// Positions before the chunk.
    let start: Int
    /// Every token up to the chunk's end.
    let tokens: [UInt32]
    /// What the head was fed at each of them.
    let fed: [UInt8]

    /// The name of the chunk's file: a hash. The file holds the prefix itself, so that equal hashes confuse nothing.
    var fileName: String {
        var writer = FieldWriter()
        for field in context.fields { writer.append(field) }
        writer.append(tokens)
        writer.append(fed)
        let first = writer.bytes.withUnsafeBytes { Checksum(of: $0) }
        writer.append(start)
        let second = writer.bytes.withUnsafeBytes { Checksum(of: $0) }
        return first.text + second.text + ChunkFile.suffix
    }
}
