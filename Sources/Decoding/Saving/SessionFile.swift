import Models
import Weights

/// A session on disk: its tokens, and what was computed for them.
///
/// The file begins with `VOLLEYSN` and a version. Sections follow, each between its length and its checksum; all numbers are
/// little-endian:
/// - one `SessionIdentity`, one `SavedSequence`;
/// - one trunk output each, [hidden], float32;
/// - keys and values of the trunk's ring, then of the head's, in the order of `KVRing.forEachPart`.
enum SessionFile {
    private static let magic = Array("VOLLEYSN".utf8)
    static let version = 2

    /// - Parameter sequence: runs the model's own layers, and has no drafts.
    static func save(
        _ sequence: TokenSequence, of model: Model, to path: String
    ) throws(SessionFileError) {
        try OutputFile.replacing(path) { file throws(CheckpointError) in
            try file.write(magic + littleEndianBytes(version))
            try file.write(section: SessionIdentity(model, sequence.options).bytes)
            try file.write(section: SavedSequence(sequence).bytes)
            let outputs = sequence.trunkOutputs
            for entry in outputs.start..<outputs.end {
                try file.write(section: UnsafeRawBufferPointer(start: outputs.row(entry), count: outputs.width * 4))
            }
            for ring in [sequence.trunkRing, sequence.headRing] {
                try ring.forEachPart { part throws(CheckpointError) in
                    try file.write(section: UnsafeRawBufferPointer(part))
                }
            }
        }
    }

    /// The saved sequence, and the model with its trunk/head split.
    static func restore(
        from path: String, model: Model, options: SessionOptions
    ) throws(SessionFileError) -> (model: Model, sequence: TokenSequence) {
        let file = try mapped(path)
        return try file.withBytes { bytes throws(SessionFileError) in
            guard bytes.starts(with: magic) else { throw .notASession(path: path) }
            var fields = FieldReader(UnsafeRawBufferPointer(rebasing: bytes[magic.count...]))
            func reading<T>(_ read: () throws(Damage) -> T) throws(SessionFileError) -> T {
                do throws(Damage) { return try read() } catch { throw .damaged(path: path, problem: error.problem) }
            }
            let version = try reading { () throws(Damage) in try fields.int() }
            guard version == Self.version else {
                throw .otherVersion(path: path, version: version, supported: Self.version)
            }
            let identity = try reading { () throws(Damage) in
                var section = FieldReader(try fields.section())
                return try SessionIdentity(&section)
            }
            try identity.check(against: SessionIdentity(model, options), path: path)
            return try reading { () throws(Damage) in try restore(&fields, model: model, options: options) }
        }
    }

    private static func restore(
        _ fields: inout FieldReader, model: Model, options: SessionOptions
    ) throws(Damage) -> (model: Model, sequence: TokenSequence) {
        var section = FieldReader(try fields.section())
        let saved = try SavedSequence(&section, model: model.configuration, options: options)
        let model = model.split(after: saved.trunkLayerCount)
        let sequence = TokenSequence(model.configuration, options: options)
        sequence.adopt(saved)
        for _ in saved.firstOutput..<saved.trunkPositions.count {
            try sequence.trunkOutputs.restoreRow(try fields.section())
        }
        try sequence.trunkRing.restore(saved.trunkPositions, written: saved.trunkWritten, from: &fields)
        try sequence.headRing.restore(Array(saved.fed.indices), written: saved.headWritten, from: &fields)
        try fields.end()
        return (model, sequence)
    }

    private static func mapped(_ path: String) throws(SessionFileError) -> MappedFile {
        do throws(CheckpointError) {
            return try MappedFile(path: path)
        } catch {
            guard case .unreadable(_, let reason) = error else { throw .notASession(path: path) }
            throw .unreadable(path: path, reason: reason)
        }
    }
}

extension TrunkOutputs {
    /// Appends one output, [width] float32.
    fileprivate mutating func restoreRow(_ bytes: UnsafeRawBufferPointer) throws(Damage) {
        guard bytes.count == width * 4 else { throw Damage("one of its trunk's outputs has \(bytes.count) bytes") }
        let row = [Float](unsafeUninitializedCapacity: width) { buffer, count in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            count = width
        }
        append(row, count: 1)
    }
}

extension KVRing {
    fileprivate func restore(
        _ positions: [Int], written: Int, from fields: inout FieldReader
    ) throws(Damage) {
        try restore(positions, written: written) { part throws(Damage) in
            let bytes = try fields.section()
            guard bytes.count == part.count else { throw Damage("its keys and values are not those of its tokens") }
            part.copyMemory(from: bytes)
        }
    }
}
