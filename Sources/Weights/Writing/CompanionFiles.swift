import Foundation
import JSON

/// The files of a checkpoint that are copied along with the weights: tokenizer, chat template, licence.
struct CompanionFiles {
    private var files: [(name: String, bytes: [UInt8])] = []

    private static let names: Set<String> = [
        "tokenizer.json", "tokenizer_config.json", "chat_template.json",
        "special_tokens_map.json", "tokenizer.model", "added_tokens.json", "vocab.json", "merges.txt",
        "generation_config.json", "tokenizer.gguf",
    ]
    private static let prefixes = ["LICENSE", "LICENCE", "NOTICE", "USE_POLICY"]

    /// - Throws: `CheckpointError` if a file cannot be read or does not match the manifest.
    init(of checkpoint: Checkpoint) throws(CheckpointError) {
        switch checkpoint.kind {
        case .huggingFace:
            try takeFiles(in: checkpoint.path) { Self.isCompanion($0) }
            // A manifest allows only plain file names; the tokenizer finds these templates under either name.
            try takeFiles(in: joinedPath(checkpoint.path, "additional_chat_templates"), prefix: "chat_template.") {
                $0.hasSuffix(".jinja")
            }
        case .native:
            guard case .native(let native) = checkpoint.contents else { return }
            for file in native.manifest.files { files.append((file.name, try native.companion(file))) }
        case .gguf:
            files.append(("tokenizer.gguf", try GGUFParts(checkpoint.path).first.metadataAlone()))
            let licence = (checkpoint.path as NSString).deletingPathExtension + ".LICENSE"
            if PathKind(licence) == .file { files.append(("LICENSE", try Self.read(licence))) }
        }
        // A head has no tokenizer, but a licence.
        if checkpoint.parts == [.head] { files.removeAll { !Self.isLicence($0.name) } }
    }

    private static func isCompanion(_ name: String) -> Bool {
        names.contains(name) || isLicence(name) || isNamedTemplate(name)
    }

    private static func isLicence(_ name: String) -> Bool { prefixes.contains { name.hasPrefix($0) } }

    private static func isNamedTemplate(_ name: String) -> Bool {
        name.hasPrefix("chat_template.") && name.hasSuffix(".jinja")
    }

    private mutating func takeFiles(
        in directory: String, prefix: String = "", _ isWanted: (String) -> Bool
    ) throws(CheckpointError) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names.sorted() where isWanted(name) {
            let path = joinedPath(directory, name)
            if PathKind(path) == .file { files.append((prefix + name, try Self.read(path))) }
        }
    }

    private static func read(_ path: String) throws(CheckpointError) -> [UInt8] {
        let file = try MappedFile(path: path)
        return file.copy(0..<file.bytes.count)
    }

    /// Writes the files into `directory` and returns their manifest entries.
    func write(to directory: String) throws(CheckpointError) -> [Manifest.File] {
        var entries: [Manifest.File] = []
        for (name, bytes) in files {
            var file = try OutputFile(path: joinedPath(directory, name))
            try file.write(bytes)
            try file.finish()
            entries.append(
                Manifest.File(
                    name: name, byteCount: bytes.count, checksum: bytes.withUnsafeBytes { Checksum(of: $0) }))
        }
        return entries
    }
}

extension NativeCheckpoint {
    /// The bytes of a companion file, verified.
    func companion(_ entry: Manifest.File) throws(CheckpointError) -> [UInt8] {
        let path = joinedPath(directory, entry.name)
        let file = try MappedFile(path: path)
        guard file.bytes.count == entry.byteCount else {
            throw .damaged(
                path: path, place: "the whole file",
                problem: "has \(file.bytes.count) bytes, but the manifest says \(entry.byteCount)")
        }
        guard file.withBytes({ Checksum(of: $0) }) == entry.checksum else {
            throw .damaged(
                path: path, place: "the whole file", problem: "does not have the checksum that the manifest says")
        }
        return file.copy(0..<file.bytes.count)
    }
}

extension GGUFFile {
    /// A GGUF file with the same metadata and no tensors.
    func metadataAlone() -> [UInt8] {
        var bytes = Array("GGUF".utf8)
        withUnsafeBytes(of: UInt32(3).littleEndian) { bytes += $0 }
        withUnsafeBytes(of: UInt64(0)) { bytes += $0 }
        withUnsafeBytes(of: UInt64(metadataCount).littleEndian) { bytes += $0 }
        return bytes + file.copy(metadataRange)
    }
}
