import Foundation
import JSON
import Tensors

/// A model's weights, configuration and tokenizer on disk, whatever file format they came in.
///
/// Behind this type everything is in Hugging Face's terms: tensor names, row order, configuration fields. Tensors are
/// mapped, not read: opening costs time and memory for the headers only.
package struct Checkpoint: Sendable {
    /// What `open` was given.
    package let path: String
    /// Which file format it is.
    package let kind: Kind
    /// `config.json` as an object, or what a GGUF file's metadata says in its terms.
    package let configuration: JSONValue
    /// Where the tokenizer is; it is not checked here.
    package let tokenizer: TokenizerSource
    /// How its makers recommend to generate with it; not checked here either.
    package let generation: GenerationSource
    let contents: Contents
    /// What `quantization_config` said where matrices are made values on the way in; that field is then not in `configuration`.
    package var quantization: String?
    /// What the file says that is not known here and was left out of `configuration`: each one sentence.
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

    /// Where the tensors are, by Hugging Face name.
    enum Contents: Sendable {
        case mapped([String: TensorLocation])
        case native(NativeCheckpoint)
        case loaded([String: StoredTensor])
    }

    /// Opens the native or Hugging Face directory or GGUF file at `path`, or the one GGUF model in a directory, and checks
    /// every size and offset in its headers.
    /// - Parameter fp8Format: what FP8 matrices are made: one of `Quantizer.formats`.
    /// - Throws: `CheckpointError`, naming the file and the place in it.
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
        case .directory:
            if let file = try GGUFDirectory.model(in: path) { return try openGGUF(file: file) }
            return try openHuggingFace(directory: path, fp8Format: fp8Format)
        case .file: return try openGGUF(file: path)
        }
    }

    /// The same checkpoint with every tensor at hand: those of compressed shards decoded into memory, by `threadCount`
    /// threads. Other kinds are mapped, and stay as they are.
    /// - Parameter checksTensors: whether the checksums of a native checkpoint's tensors are looked at.
    package func loaded(threadCount: Int, checksTensors: Bool = true) throws(CheckpointError) -> Checkpoint {
        guard case .native(let native) = contents else { return self }
        let tensors = try native.load(threadCount: threadCount, checksTensors: checksTensors)
        return Checkpoint(
            path: path, kind: kind, configuration: configuration, tokenizer: tokenizer, generation: generation,
            contents: .loaded(tensors), quantization: quantization, warnings: warnings)
    }

    /// All names, sorted.
    package var tensorNames: [String] {
        switch contents {
        case .mapped(let locations): locations.keys.sorted()
        case .native(let native): native.indices.keys.sorted()
        case .loaded(let tensors): tensors.keys.sorted()
        }
    }

    /// Whether the checkpoint holds this name, in any stored type.
    package func hasTensor(_ name: String) -> Bool {
        switch contents {
        case .mapped(let locations): locations[name] != nil
        case .native(let native): native.indices[name] != nil
        case .loaded(let tensors): tensors[name] != nil
        }
    }

    /// The tensor of this Hugging Face name, in place where its file can be mapped.
    ///
    /// The q and k matrices of a Llama GGUF are copied, once a call, to undo that format's row order; FP8 matrices are made
    /// values, once a call, by all cores; a tensor of a compressed shard is decoded, once a call, unless the checkpoint was
    /// `loaded`.
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
    /// - Throws: `CheckpointError.unsupported` where no kernel knows it.
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
    /// The tensor in place; a copy where the file has another row order than Hugging Face, or codes to be made values.
    fileprivate func stored(name: String, _ format: StorageFormat) throws(CheckpointError) -> StoredTensor {
        guard scales != nil || rowOrder != .asHuggingFace else {
            let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[byteRange])
            return StoredTensor(name: name, shape: shape, format: format, bytes: bytes, owner: file)
        }
        let memory = AlignedBuffer<UInt8>(unfilledCount: byteCount)
        // Rows that move are copied in one piece; values that are made are worth sharing.
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
