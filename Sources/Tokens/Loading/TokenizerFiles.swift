import Foundation
import JSON

/// The tokenizer files of a Hugging Face model. nil marks a missing file.
package struct TokenizerFiles: Sendable {
    /// A file's content, and its name in messages.
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
    /// `chat_template.json`, used by older models
    package var templateJSON: File?
    /// `chat_template.jinja` under the name `default`, and others by name. They override the templates of other files.
    package var templates: [String: String] = [:]

    package init(
        tokenizer: File, configuration: File? = nil, specialTokensMap: File? = nil, addedTokens: File? = nil,
        templateJSON: File? = nil, templates: [String: String] = [:]
    ) {
        self.tokenizer = tokenizer
        self.configuration = configuration
        self.specialTokensMap = specialTokensMap
        self.addedTokens = addedTokens
        self.templateJSON = templateJSON
        self.templates = templates
    }

    /// - Throws: `TokenizerError.unreadable` if a file cannot be read or `tokenizer.json` is missing; `.unsupported`
    ///   for a directory with only a SentencePiece vocabulary.
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
        templateJSON = try optional("chat_template.json")
        if let file = try optional("chat_template.jinja") { templates[ChatTemplates.defaultName] = file.text }
        for (name, path) in Self.additionalTemplates(in: directory) {
            templates[name] = try File(path: path).text
        }
    }
}

extension TokenizerFiles {
    /// `additional_chat_templates/NAME.jinja`, or `chat_template.NAME.jinja` in packed checkpoints.
    private static func additionalTemplates(in directory: String) -> [(name: String, path: String)] {
        func files(_ folder: String, _ prefix: String) -> [(name: String, path: String)] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".jinja") && $0.count >= prefix.count + 6 }
                .map { (String($0.dropFirst(prefix.count).dropLast(6)), folder + "/" + $0) }
        }
        return files(directory, "chat_template.") + files(directory + "/additional_chat_templates", "")
    }
}

extension TokenizerFiles.File {
    fileprivate var text: String { String(decoding: bytes, as: UTF8.self) }

    fileprivate init(path: String) throws(TokenizerError) {
        do {
            self.init([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), place: path)
        } catch {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw .unreadable(path: path, reason: isThere ? "no permission, or not a file" : "there is no such file")
        }
    }

    /// Parses the file as one JSON object.
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
