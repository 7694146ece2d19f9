import JSON

/// A part of a checkpoint.
package enum CheckpointPart: String, CaseIterable, Sendable {
    case model
    /// A head of its own for cycles: the tensors `head.…`.
    case head

    func holds(_ tensorName: String) -> Bool { tensorName.hasPrefix("head.") == (self == .head) }
}

/// Model and head in one checkpoint: the tensors of both, and the head's configuration as a field of the model's.
extension Checkpoint {
    /// The field of a model's configuration that holds its head's.
    package static let headField = "cycle_head"
    /// The field of a head's configuration that describes the model that it was made for.
    package static let headBaseField = "head_of"

    /// The parts that the checkpoint holds.
    package var parts: [CheckpointPart] {
        if configuration[Self.headBaseField] != nil { return [.head] }
        return configuration[Self.headField] == nil ? [.model] : [.model, .head]
    }

    /// The checkpoint without its other part.
    ///
    /// - Throws: `CheckpointError.missingPart` if it does not hold this one.
    package func only(_ part: CheckpointPart) throws(CheckpointError) -> Checkpoint {
        guard parts.contains(part) else { throw .missingPart(path: path, part: part.rawValue) }
        guard parts.count > 1 else { return self }
        var fields = configuration.objectValue ?? [:]
        let head = fields[Self.headField] ?? .null
        fields[Self.headField] = nil
        guard head.objectValue != nil, head[Self.headBaseField] != nil else {
            throw .damaged(
                path: path, place: Self.headField, problem: "is not a head's configuration with \(Self.headBaseField)")
        }
        return Checkpoint(
            path: path, kind: kind, configuration: part == .head ? head : .object(fields), tokenizer: tokenizer,
            generation: generation, contents: contents.only(part), quantization: quantization, warnings: warnings)
    }
}

extension Checkpoint.Contents {
    fileprivate func only(_ part: CheckpointPart) -> Self {
        switch self {
        case .mapped(let locations): .mapped(locations.filter { part.holds($0.key) })
        case .native(let native): .native(native.only(part))
        case .loaded(let tensors): .loaded(tensors.filter { part.holds($0.key) })
        }
    }
}
