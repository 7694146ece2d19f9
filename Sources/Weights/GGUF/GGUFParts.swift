import JSON

/// A GGUF file, or the parts of a split one (llama.cpp's gguf-split), named `NAME-00001-of-0000N.gguf` and so on. The
/// first part holds the metadata.
struct GGUFParts {
    let all: [GGUFFile]

    var first: GGUFFile { all[0] }

    /// - Parameter path: path of the file or of any part.
    /// - Throws: `CheckpointError` if a part is missing or does not belong.
    init(_ path: String) throws(CheckpointError) {
        guard let name = SplitName(path) else {
            let file = try GGUFFile(MappedFile(path: path))
            guard try GGUFMetadata(file).integer("split.count") ?? 1 <= 1 else {
                throw .unsupported(
                    path: path, place: "the file",
                    problem: "is one part of a split checkpoint, and its name does not say which",
                    remedy: "give the parts their names back, which end in -00001-of-0000N.gguf")
            }
            all = [file]
            return
        }
        var parts: [GGUFFile] = []
        for number in 1...name.count {
            let part = try GGUFFile(MappedFile(path: name.path(number)))
            try Self.check(part, number: number, count: name.count)
            parts.append(part)
        }
        all = parts
        try checkTensorCount()
    }

    private static func check(_ part: GGUFFile, number: Int, count: Int) throws(CheckpointError) {
        let metadata = GGUFMetadata(part)
        let statedCount = try metadata.integer("split.count")
        let statedNumber = try metadata.integer("split.no").map { $0 + 1 }
        guard statedCount == count, statedNumber == number else {
            throw .damaged(
                path: part.file.path, place: "metadata 'split.no'",
                problem: "says part \(statedNumber.map(String.init) ?? "?") of \(statedCount.map(String.init) ?? "?"), "
                    + "but the name says \(number) of \(count)")
        }
    }

    private func checkTensorCount() throws(CheckpointError) {
        let found = all.reduce(0) { $0 + $1.tensors.count }
        guard let stated = try GGUFMetadata(first).integer("split.tensors.count"), stated != found else { return }
        throw .damaged(
            path: first.file.path, place: "metadata 'split.tensors.count'",
            problem: "says \(stated), but the parts hold \(found)")
    }
}

/// The name of a part: `prefix` and two five-digit numbers.
private struct SplitName {
    let prefix: String
    let count: Int

    /// Returns nil if the name has another form.
    init?(_ path: String) {
        guard let match = path.wholeMatch(of: #/(?s)(.*)-([0-9]{5})-of-([0-9]{5})\.gguf/#), let number = Int(match.2),
            let count = Int(match.3), count > 1, (1...count).contains(number)
        else { return nil }
        prefix = String(match.1)
        self.count = count
    }

    func path(_ number: Int) -> String { "\(prefix)-\(digits(number))-of-\(digits(count)).gguf" }

    private func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: 5 - text.count) + text
    }
}
