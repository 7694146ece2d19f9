import ArgumentParser
import Foundation
import Volley

struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn text into token ids, ids into text, or a chat into its prompt.",
        discussion: """
            Without TEXT, --file, --chat or --decode, text is read from standard input.

            EXAMPLES
              volley tokenize --model model.gguf "Hello, world"
              volley tokenize --tokenizer Qwen3-0.6B --decode 9707,11,1879
              volley tokenize --tokenizer Qwen3-0.6B --chat messages.json --json
            """)

    @Argument(help: "The text.")
    var text: String?

    @Option(help: ArgumentHelp("Read the text from a file.", valueName: "path"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "A native or Hugging Face directory, or a .gguf file (default: the embedded model).", valueName: "path"))
    var model: String?

    @Option(help: ArgumentHelp("A directory that holds tokenizer.json.", valueName: "path"))
    var tokenizer: String?

    @Flag(help: "Add no special tokens; with --decode, leave them out of the text.")
    var noSpecial = false

    @Option(
        help: ArgumentHelp(
            "Render a chat: JSON with messages, add_generation_prompt and enable_thinking.", valueName: "file.json"))
    var chat: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Turn ids into text.", valueName: "1,2,3"))
    var decode: TokenIDs?

    @Flag(help: "Print {\"ids\": […], \"text\": …}.")
    var json = false

    func validate() throws {
        guard [text != nil, file != nil, chat != nil, decode != nil].filter(\.self).count <= 1 else {
            throw ValidationError("give one of TEXT, --file, --chat and --decode")
        }
        guard model == nil || tokenizer == nil else {
            throw ValidationError("give --model or --tokenizer, not both")
        }
    }

    func run() throws {
        let tokenizer = try loadTokenizer()
        if text != nil || file != nil || chat != nil || decode != nil {
            TextInput.noteUnread("the command line names what is")
        }
        let output = try result(tokenizer)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try StandardOutput.write(String(decoding: try encoder.encode(output), as: UTF8.self) + "\n")
        } else if decode != nil {
            try StandardOutput.write(output.text + "\n")
        } else {
            try StandardOutput.write(output.ids.map(String.init).joined(separator: ",") + "\n")
        }
    }

    private func result(_ tokenizer: Tokenizer) throws -> Output {
        if let decode {
            return Output(ids: decode.ids, text: tokenizer.decode(decode.ids, skipSpecial: noSpecial))
        }
        if let chat {
            let request = try ChatRequest.read(chat)
            let text = try tokenizer.renderChat(
                request.messages, addGenerationPrompt: request.addGenerationPrompt ?? false,
                enableThinking: request.enableThinking)
            return encoded(text, addSpecial: false, tokenizer)
        }
        let text = try text ?? file.map { try TextInput.file($0) } ?? TextInput.standardInput()
        return encoded(text, addSpecial: !noSpecial, tokenizer)
    }

    private func encoded(_ text: String, addSpecial: Bool, _ tokenizer: Tokenizer) -> Output {
        let ids = tokenizer.encode(text, addSpecial: addSpecial)
        if let warning = tokenizer.warning(forPrompt: ids) { StandardError.warn(warning) }
        return Output(ids: ids, text: text)
    }

    private func loadTokenizer() throws -> Tokenizer {
        let loaded = try readTokenizer()
        loaded.warnings.forEach(StandardError.warn)
        return loaded
    }

    private func readTokenizer() throws -> Tokenizer {
        if let tokenizer {
            try LFSPointer.refuse(inTokenizerDirectory: tokenizer)
            return try Tokenizer(directory: tokenizer)
        }
        let path = try model ?? Embedded().model
        guard let tokenizer = try Tokenizer(try Checkpoint.open(path).tokenizer) else {
            throw GenerationError.noTokenizer(model: path)
        }
        return tokenizer
    }

    private struct Output: Encodable {
        let ids: [Int]
        let text: String
    }
}

/// The file that `--chat` reads.
struct ChatRequest: Decodable {
    let messages: [ChatMessage]
    let addGenerationPrompt: Bool?
    let enableThinking: Bool?

    static func read(_ path: String) throws -> ChatRequest {
        let text = try TextInput.file(path)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(ChatRequest.self, from: Data(text.utf8))
        } catch {
            throw StreamError.badChat(path: path)
        }
    }
}
