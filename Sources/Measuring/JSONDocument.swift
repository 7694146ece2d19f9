import Foundation

extension Encodable {
    /// One JSON document as every command prints it: keys in snake case and sorted, and a newline at the end.
    package func jsonDocument() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
