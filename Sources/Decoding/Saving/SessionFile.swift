import Foundation
import Models
import Tokens
import Weights

/// A session on disk: its tokens, and what was computed for them.
///
/// The file begins with `VOLLEYSN` and a version. Sections follow, each between its length and its checksum; all numbers are
/// little-endian:
/// - one `SessionIdentity`, one `SavedSequence`;
/// - the messages of a conversation, JSON;
/// - one trunk output each, [hidden], float32;
/// - keys and values of the trunk's ring, then of the head's, in the order of `KVRing.forEachPart`.
enum SessionFile {
    private static let magic = Array("VOLLEYSN".utf8)
    static let version = 3

    /// - Parameter sequence: runs the model's own layers, and has no drafts.
    static func save(
        _ sequence: TokenSequence, _ conversation: [ChatMessage], of model: Model, to path: String
    ) throws(SessionFileError) {
        let messages = (try? JSONEncoder().encode(conversation)) ?? Data()
        try OutputFile.replacing(path) { file throws(CheckpointError) in
            try file.write(magic + littleEndianBytes(version))
            try file.write(section: SessionIdentity(model, sequence.options).bytes)
            try file.write(section: SavedSequence(sequence).bytes)
            try file.write(section: Array(messages))
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

    /// What a file holds.
    struct Restored {
        /// The model, with the sequence's trunk/head split.
        let model: Model
        let sequence: TokenSequence
        let conversation: [ChatMessage]
    }

    /// Reads and checks a file.
    static func restore(
        from path: String, model: Model, options: SessionOptions
    ) throws(SessionFileError) -> Restored {
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
    ) throws(Damage) -> Restored {
        var section = FieldReader(try fields.section())
        let saved = try SavedSequence(&section, model: model.configuration, options: options)
        let conversation = try messages(fields.section())
        let model = model.split(after: saved.trunkLayerCount)
        let sequence = TokenSequence(model.configuration, options: options)
        sequence.adopt(saved)
        for _ in saved.firstOutput..<saved.trunkPositions.count {
            try sequence.trunkOutputs.restoreRow(try fields.section())
        }
        try sequence.trunkRing.restore(saved.trunkPositions, written: saved.trunkWritten, from: &fields)
        try sequence.headRing.restore(Array(saved.fed.indices), written: saved.headWritten, from: &fields)
        try fields.end()
        return Restored(model: model, sequence: sequence, conversation: conversation)
    }

    private static func messages(_ json: UnsafeRawBufferPointer) throws(Damage) -> [ChatMessage] {
        guard let messages = try? JSONDecoder().decode([ChatMessage].self, from: Data(json)) else {
            throw Damage("its conversation is none")
        }
        return messages
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
