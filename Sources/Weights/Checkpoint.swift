import Foundation
import JSON
import Tensors

/// A model's weights, configuration and tokenizer on disk, independent of the file format.
///
/// Everything is presented in Hugging Face's terms: tensor names, row order, configuration fields. Tensors are
/// memory-mapped, so opening reads only the headers.
package struct Checkpoint: Sendable {
    /// The path given to `open`.
    package let path: String
    package let kind: Kind
    /// `config.json` as an object, or its equivalent derived from GGUF metadata.
    package let configuration: JSONValue
    /// Where the tokenizer is. Not checked here.
    package let tokenizer: TokenizerSource
    /// The recommended generation settings. Not checked here.
    package let generation: GenerationSource
    let contents: Contents
    /// Description of `quantization_config` if loading dequantises matrices. `configuration` then lacks the field.
    package var quantization: String?
    /// Notes on metadata that this program does not know and left out of `configuration`, one sentence each.
    package var warnings: [String] = []

    /// The file formats that can be opened.
    package enum Kind: Sendable, Equatable {
        /// A directory with `config.json` and safetensors files.
        case huggingFace
        /// One GGUF file.
        case gguf
        /// A directory with `manifest.json` and shards, as `volley pack` writes it.
        case native
    }

    /// The tensors by Hugging Face name.
    enum Contents: Sendable {
        case mapped([String: TensorLocation])
        case native(NativeCheckpoint)
        case loaded([String: StoredTensor])
    }

    /// Opens a native or Hugging Face directory, a GGUF file, or the only GGUF model in a directory. Checks every size
    /// and offset in the headers.
    /// - Parameter fp8Format: the format that FP8 matrices are converted to, one of `Quantizer.formats`.
    /// - Throws: `CheckpointError` naming the file and the place in it.
    package static func open(
        _ path: String, fp8Format: StorageFormat = .bf16
    ) throws(CheckpointError) -> Checkpoint {
        guard !path.utf8.contains(0), !path.isEmpty else {
            throw .notACheckpoint(path: quoted(path), problem: "not a path")
        }
        switch PathKind(path) {
        case .nothing:
            if let identifier = HubIdentifier(path) { throw .notDownloaded(identifier: identifier.text) }
            throw .notACheckpoint(path: path, problem: "there is no such file or directory")
        case .directory where NativeCheckpoint.isOne(path): return try openNative(directory: path)
        case .directory where isHead(path): return try openHead(directory: path)
        case .directory:
            if let file = try GGUFDirectory.model(in: path) { return try openGGUF(file: file) }
            return try openHuggingFace(directory: path, fp8Format: fp8Format)
        case .file: return try openGGUF(file: path)
        }
    }

    /// Returns the checkpoint with all compressed shards decoded into memory by `threadCount` threads. Mapped
    /// checkpoints are returned unchanged.
    /// - Parameters:
    ///   - checksTensors: whether to verify the tensor checksums of a native checkpoint.
    ///   - progress: counts the bytes, and can cancel between two frames.
    package func loaded(
        threadCount: Int, checksTensors: Bool = true, progress: LoadingProgress = LoadingProgress()
    ) throws(CheckpointError) -> Checkpoint {
        guard case .native(let native) = contents else { return self }
        let tensors = try native.load(threadCount: threadCount, checksTensors: checksTensors, progress: progress)
        return Checkpoint(
            path: path, kind: kind, configuration: configuration, tokenizer: tokenizer, generation: generation,
            contents: .loaded(tensors), quantization: quantization, warnings: warnings)
    }

    /// All tensor names, sorted.
    package var tensorNames: [String] {
        switch contents {
        case .mapped(let locations): locations.keys.sorted()
        case .native(let native): native.indices.keys.sorted()
        case .loaded(let tensors): tensors.keys.sorted()
        }
    }

    /// Whether the checkpoint has a tensor with this name, of any type.
    package func hasTensor(_ name: String) -> Bool {
        switch contents {
        case .mapped(let locations): locations[name] != nil
        case .native(let native): native.indices[name] != nil
        case .loaded(let tensors): tensors[name] != nil
        }
    }

    /// The tensor with this Hugging Face name, mapped in place if possible.
    ///
    /// Three kinds are copied on every call: the q and k matrices of a Llama GGUF, to restore the row order; FP8
    /// matrices, dequantised on all cores; and tensors in compressed shards, unless the checkpoint was `loaded`.
    /// - Throws: `CheckpointError.missingTensor`, `.unsupported` for a format without kernels, or `.damaged`.
    package func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
        switch contents {
        case .mapped(let locations):
            if let location = locations[name] {
                return try location.stored(name: name, try format(of: name, at: location))
            }
        case .native(let native):
            if let index = native.indices[name] { return try native.tensor(index) }
        case .loaded(let tensors):
            if let tensor = tensors[name] { return tensor }
        }
        throw .missingTensor(path: path, name: name)
    }

    /// The format of a mapped tensor.
    /// - Throws: `CheckpointError.unsupported` if no kernel supports it.
    func format(of name: String, at location: TensorLocation) throws(CheckpointError) -> StorageFormat {
        switch location.type {
        case .known(let format): return format
        case .e4m3, .unknown:
            let formats = StorageFormat.allCases.filter { kind == .gguf || $0.valuesPerBlock == 1 }
            let known = formats.map(\.name).joined(separator: ", ")
            throw .unsupported(
                path: location.file.path, place: "tensor \(quoted(name))",
                problem: "is stored as \(location.type.name)", remedy: "convert the checkpoint to one of \(known)")
        }
    }

    private static func openNative(directory: String) throws(CheckpointError) -> Checkpoint {
        let native = try NativeCheckpoint(directory: directory)
        let configuration = native.manifest.configuration
        return Checkpoint(
            path: directory, kind: .native, configuration: .object(configuration),
            tokenizer: try TokenizerSource(directory: directory),
            generation: try GenerationSource(directory: directory, configuration: configuration),
            contents: .native(native))
    }
}

extension TensorLocation {
    /// The tensor in place, or a copy if rows must be reordered or FP8 codes dequantised.
    fileprivate func stored(name: String, _ format: StorageFormat) throws(CheckpointError) -> StoredTensor {
        guard scales != nil || rowOrder != .asHuggingFace else {
            let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[byteRange])
            return StoredTensor(name: name, shape: shape, format: format, bytes: bytes, owner: file)
        }
        let memory = AlignedBuffer<UInt8>(unfilledCount: byteCount)
        // Reordering rows is one copy; dequantising is worth splitting across threads.
        let rowsOfPart = scales == nil ? shape[0] : max(1, (1 << 18) / max(shape[1], 1))
        let rowByteCount = byteCount / shape[0]
        try inParallel(
            count: (shape[0] + rowsOfPart - 1) / rowsOfPart, threadCount: ProcessInfo.processInfo.activeProcessorCount
        ) {
        } body: { _, part throws(CheckpointError) in
            let rows = part * rowsOfPart..<min((part + 1) * rowsOfPart, shape[0])
            try copy(
                rows.lowerBound * rowByteCount..<rows.upperBound * rowByteCount,
                to: memory.pointer + rows.lowerBound * rowByteCount)
        }
        let bytes = UnsafeRawBufferPointer(start: memory.pointer, count: memory.count)
        return StoredTensor(name: name, shape: shape, format: format, bytes: bytes, owner: memory)
    }
}
