import Foundation

extension Tokenizer {
    /// Takes a tokenizer from the files of a Hugging Face model: `tokenizer.json`, and where they are there
    /// `tokenizer_config.json` and `chat_template.jinja`.
    /// - Throws: `TokenizerError` for files that cannot be read, for a kind that is not supported, and for content
    ///   that contradicts itself. A chat template is not judged before `renderChat`.
    package init(directory: String) throws {
        let file = directory + "/tokenizer.json"
        let configurationFile = directory + "/tokenizer_config.json"
        let template = directory + "/chat_template.jinja"
        let manager = FileManager.default
        try self.init(
            tokenizerJSON: readBytes(file), place: file,
            configurationJSON: manager.fileExists(atPath: configurationFile) ? readBytes(configurationFile) : nil,
            configurationPlace: configurationFile,
            templateFile: manager.fileExists(atPath: template) ? readBytes(template) : nil)
    }

    /// Takes a tokenizer from the files' contents; a nil one is a file that is not there.
    /// - Parameters:
    ///   - place: what messages call `tokenizerJSON`.
    ///   - configurationPlace: what messages call `configurationJSON`.
    package init(
        tokenizerJSON: [UInt8], place: String, configurationJSON: [UInt8]?, configurationPlace: String,
        templateFile: [UInt8]? = nil
    ) throws(TokenizerError) {
        let file = try TokenizerFile(tokenizerJSON, place: place)
        let configuration = try configurationJSON.map { bytes throws(TokenizerError) in
            try TokenizerConfiguration(bytes, place: configurationPlace)
        }
        func id(_ text: String?) -> Int? { text.flatMap { file.id(of: Array($0.utf8)) } }
        let source = templateFile.map { String(decoding: $0, as: UTF8.self) } ?? configuration?.chatTemplate
        self.init(
            model: file.model, normalizer: file.normalizer, splitters: file.splitters, added: file.added,
            frame: file.frame, chatTemplate: source.map { ChatTemplate(source: $0, begin: configuration?.begin ?? "") },
            beginID: id(configuration?.begin), endIDs: [id(configuration?.end)].compactMap(\.self))
    }
}

private func readBytes(_ path: String) throws(TokenizerError) -> [UInt8] {
    do {
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
        let isThere = FileManager.default.fileExists(atPath: path)
        throw .unreadable(path: path, reason: isThere ? "no permission, or not a file" : "there is no such file")
    }
}
