import JSON
import Tensors

/// A model's weights, configuration and tokenizer on disk, whatever file format they came in.
///
/// Behind this type everything is in Hugging Face's terms: tensor names, row order, configuration fields. Tensors are
/// mapped, not read: opening costs time and memory for the headers only.
public struct Checkpoint: Sendable {
    /// What `open` was given.
    public let path: String
    /// Which file format it is.
    public let kind: Kind
    /// `config.json` as an object, or what a GGUF file's metadata says in its terms.
    public let configuration: JSONValue
    /// Where the tokenizer is; it is not checked here.
    public let tokenizer: TokenizerSource
    /// By Hugging Face name.
    let locations: [String: TensorLocation]

    /// The file formats that can be opened.
    public enum Kind: Sendable, Equatable {
        /// A directory with `config.json` and safetensors files.
        case huggingFace
        /// One GGUF file.
        case gguf
    }

    /// Opens the Hugging Face directory or GGUF file at `path`, and checks every size and offset in its headers.
    /// - Throws: `CheckpointError`, naming the file and the place in it.
    public static func open(_ path: String) throws(CheckpointError) -> Checkpoint {
        guard !path.utf8.contains(0), !path.isEmpty else {
            throw .notACheckpoint(path: quoted(path), problem: "not a path")
        }
        switch PathKind(path) {
        case .nothing: throw .notACheckpoint(path: path, problem: "there is no such file or directory")
        case .directory: return try openHuggingFace(directory: path)
        case .file: return try openGGUF(file: path)
        }
    }

    /// All names, sorted.
    public var tensorNames: [String] { locations.keys.sorted() }

    /// Whether the checkpoint holds this name, in any stored type.
    public func hasTensor(_ name: String) -> Bool { locations[name] != nil }

    /// The tensor of this Hugging Face name, in place.
    ///
    /// Only the q and k matrices of a Llama GGUF are copied, once a call, to undo that format's row order.
    /// - Throws: `CheckpointError.missingTensor`, or `.unsupported` for a format without kernels.
    public func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
        guard let location = locations[name] else { throw .missingTensor(path: path, name: name) }
        switch location.type {
        case .known(let format): return location.stored(name: name, format)
        case .unknown(let type):
            let known = kind == .gguf ? "F32, F16, BF16, Q8_0, Q4_0 or Q4_1" : "F32, F16 or BF16"
            throw .unsupported(
                path: location.file.path, place: "tensor \(quoted(name))", problem: "is stored as \(type)",
                remedy: "convert the checkpoint to \(known)")
        }
    }
}

extension TensorLocation {
    /// The tensor in place, or where the file has another row order, a copy in Hugging Face's.
    fileprivate func stored(name: String, _ format: StorageFormat) -> StoredTensor {
        switch rowOrder {
        case .asHuggingFace:
            let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[byteRange])
            return StoredTensor(name: name, shape: shape, format: format, bytes: bytes, owner: file)
        case .rotaryPairs(let headCount):
            let rows = RotaryRows(rowCount: shape[0], headCount: headCount)
            let copy = file.withBytes { rows.inHuggingFaceOrder(UnsafeRawBufferPointer(rebasing: $0[byteRange])) }
            return StoredTensor(name: name, shape: shape, format: format, bytes: copy.bytes, owner: copy)
        }
    }
}
