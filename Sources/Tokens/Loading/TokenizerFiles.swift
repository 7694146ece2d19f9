import Foundation
import JSON

/// The files of a Hugging Face model that a tokenizer is made of; nil for one that is not there.
package struct TokenizerFiles: Sendable {
    /// A file's content, and what messages call it.
    package struct File: Sendable {
        package var place: String
        package var bytes: [UInt8]

        package init(_ bytes: [UInt8], place: String) {
            self.bytes = bytes
            self.place = place
        }
    }

    /// `tokenizer.json`
    package var tokenizer: File
    /// `tokenizer_config.json`
    package var configuration: File?
    /// `special_tokens_map.json`
    package var specialTokensMap: File?
    /// `added_tokens.json`
    package var addedTokens: File?
    /// `chat_template.jinja`
    package var template: File?

    package init(
        tokenizer: File, configuration: File? = nil, specialTokensMap: File? = nil, addedTokens: File? = nil,
        template: File? = nil
    ) {
        self.tokenizer = tokenizer
        self.configuration = configuration
        self.specialTokensMap = specialTokensMap
        self.addedTokens = addedTokens
        self.template = template
    }

    /// - Throws: `TokenizerError.unreadable` where a file is there and cannot be read, or there is no `tokenizer.json`;
    ///   `.unsupported` for a directory with a SentencePiece vocabulary alone.
    package init(directory: String) throws(TokenizerError) {
        func optional(_ name: String) throws(TokenizerError) -> File? {
            let path = directory + "/" + name
            return FileManager.default.fileExists(atPath: path) ? try File(path: path) : nil
        }
        if try optional("tokenizer.json") == nil, try optional("tokenizer.model") != nil {
            throw .unsupported(
                place: directory + "/tokenizer.model", found: "(a SentencePiece vocabulary)",
                supported: "a tokenizer.json of byte-level BPE")
        }
        tokenizer = try File(path: directory + "/tokenizer.json")
        configuration = try optional("tokenizer_config.json")
        specialTokensMap = try optional("special_tokens_map.json")
        addedTokens = try optional("added_tokens.json")
        template = try optional("chat_template.jinja")
    }
}

extension TokenizerFiles.File {
    fileprivate init(path: String) throws(TokenizerError) {
        do {
            self.init([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), place: path)
        } catch {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw .unreadable(path: path, reason: isThere ? "no permission, or not a file" : "there is no such file")
        }
    }

    /// The fields of the object that the file must hold.
    func object() throws(TokenizerError) -> JSONObject {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: bytes, limits: .longList)
        } catch {
            throw .damaged(place: place, problem: "not valid JSON at byte \(error.offset): \(error.problem)")
        }
        guard let fields = value.objectValue else {
            throw .damaged(place: place, problem: "holds \(value), not an object")
        }
        return fields
    }
}
