import Foundation

extension Encodable {
    /// A JSON document in the form of all commands: sorted keys in snake case, and a final newline.
    package func jsonDocument() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
