import JSON

/// A head of its own for cycles, as `python -m recipe head` exports it: `head.json` and `head.safetensors`.
extension Checkpoint {
    static func isHead(_ directory: String) -> Bool { PathKind(joinedPath(directory, "head.json")) == .file }

    static func openHead(directory: String) throws(CheckpointError) -> Checkpoint {
        let configuration = try MappedFile(path: joinedPath(directory, "head.json")).parseJSONObject()
        let weights = joinedPath(directory, "head.safetensors")
        guard PathKind(weights) == .file else {
            throw .notACheckpoint(path: directory, problem: "has head.json, but no head.safetensors")
        }
        return Checkpoint(
            path: directory, kind: .huggingFace, configuration: .object(configuration),
            tokenizer: .directory(directory), generation: GenerationSource(origin: .configuration, fields: [:]),
            contents: .mapped(try SafetensorsFile.tensors(in: MappedFile(path: weights))))
    }
}
