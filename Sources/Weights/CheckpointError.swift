public import Foundation
import JSON

/// An error in a checkpoint: one sentence with the file, the place in it, what was found and what to do.
public enum CheckpointError: Error, Sendable, Equatable {
    /// The path does not exist or is not a checkpoint.
    case notACheckpoint(path: String, problem: String)
    /// The path does not exist but looks like a model name on the Hugging Face hub.
    case notDownloaded(identifier: String)
    /// The file cannot be read, for the system's `reason`.
    case unreadable(path: String, reason: String)
    /// The file cannot be written, for the system's `reason`.
    case unwritable(path: String, reason: String)
    /// The file violates its format or contradicts itself.
    case damaged(path: String, place: String, problem: String)
    /// The file may be valid, but needs something that is not implemented.
    case unsupported(path: String, place: String, problem: String, remedy: String)
    /// The checkpoint has no tensor with this name.
    case missingTensor(path: String, name: String)
    /// The checkpoint is a model without a head of its own for cycles, or such a head without its model.
    case missingPart(path: String, part: String)
    /// The caller cancelled; no output was left behind.
    case cancelled
}

extension CheckpointError: CustomStringConvertible {
    /// The whole sentence, without a period.
    public var description: String {
        switch self {
        case .notACheckpoint(let path, let problem):
            "\(path): \(problem); give a Hugging Face model directory (config.json and .safetensors files), "
                + "a .gguf file or a directory that volley packed"
        case .notDownloaded(let identifier):
            "\(identifier): there is no such file or directory; to take this model from the Hugging Face hub, run "
                + "hf download \(identifier) --local-dir \(Self.lastPart(identifier)), and give that directory"
        case .unreadable(let path, let reason):
            "\(path): cannot be read: \(reason); check the path and its permissions"
        case .unwritable(let path, let reason):
            "\(path): cannot be written: \(reason); check the free space and the permissions"
        case .damaged(let path, let place, let problem):
            "\(path): \(place): \(problem); the file is damaged: download or convert it again"
        case .unsupported(let path, let place, let problem, let remedy):
            "\(path): \(place): \(problem); \(remedy)"
        case .missingTensor(let path, let name):
            "\(path): has no tensor \(quoted(name)); the checkpoint is incomplete or of another architecture: "
                + "download or convert it again"
        case .missingPart(let path, let part):
            part == CheckpointPart.head.rawValue
                ? "\(path): has no head of its own for cycles; give a directory with one"
                : "\(path): is a head for cycles without a model; give it by --head, and its model by --model"
        case .cancelled: "cancelled; nothing was written"
        }
    }

    private static func lastPart(_ identifier: String) -> String {
        identifier.split(separator: "/").last.map(String.init) ?? identifier
    }
}

extension CheckpointError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
