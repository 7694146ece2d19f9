import JSON

/// Typed access to metadata values.
///
/// A missing key gives nil; a value of the wrong type throws an error that names the key.
struct GGUFMetadata {
    let header: GGUFFile

    init(_ header: GGUFFile) { self.header = header }

    func text(_ key: String) throws(CheckpointError) -> String? {
        guard let value = header.metadata[key] else { return nil }
        guard case .string(let range) = value else { throw wrongType(key, "a string") }
        guard let text = String(validating: header.file.copy(range), as: UTF8.self) else {
            throw wrongType(key, "UTF-8 text")
        }
        return text
    }

    func integer(_ key: String) throws(CheckpointError) -> Int? {
        guard let value = header.metadata[key] else { return nil }
        guard case .int(let number) = value else { throw wrongType(key, "one whole number") }
        return number
    }

    func number(_ key: String) throws(CheckpointError) -> Double? {
        switch header.metadata[key] {
        case nil: return nil
        case .double(let number)? where number.isFinite: return number
        case .int(let number)?: return Double(number)
        default: throw wrongType(key, "one finite number")
        }
    }

    func truth(_ key: String) throws(CheckpointError) -> Bool? {
        guard let value = header.metadata[key] else { return nil }
        guard case .bool(let truth) = value else { throw wrongType(key, "true or false") }
        return truth
    }

    /// A single number, text or Boolean.
    func scalar(_ key: String) throws(CheckpointError) -> JSONValue? {
        switch header.metadata[key] {
        case nil: return nil
        case .int(let number)?: return .int(number)
        case .hugeInt(let number)?: return .double(Double(number))
        case .double?: return try number(key).map { .double($0) }
        case .bool(let truth)?: return .bool(truth)
        case .string?: return try text(key).map { .string($0) }
        case .array?: throw wrongType(key, "one number or text")
        }
    }

    /// An array of texts, as bytes.
    func texts(_ key: String) throws(CheckpointError) -> [[UInt8]]? {
        guard let value = header.metadata[key] else { return nil }
        guard case .array(let array) = value, let texts = array.strings(in: header.file) else {
            throw wrongType(key, "an array of strings")
        }
        return texts
    }

    func integers(_ key: String) throws(CheckpointError) -> [Int]? {
        guard let value = header.metadata[key] else { return nil }
        guard case .array(let array) = value, let numbers = array.integers(in: header.file) else {
            throw wrongType(key, "an array of whole numbers")
        }
        return numbers
    }

    /// The length of an array.
    func elementCount(_ key: String) throws(CheckpointError) -> Int? {
        guard let value = header.metadata[key] else { return nil }
        guard case .array(let array) = value else { throw wrongType(key, "an array") }
        return array.count
    }

    func unsupported(_ key: String, _ problem: String, _ remedy: String) -> CheckpointError {
        .unsupported(path: header.file.path, place: "metadata \(quoted(key))", problem: problem, remedy: remedy)
    }

    private func wrongType(_ key: String, _ expected: String) -> CheckpointError {
        .damaged(path: header.file.path, place: "metadata \(quoted(key))", problem: "is not \(expected)")
    }
}
