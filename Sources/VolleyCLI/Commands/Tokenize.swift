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

    @Option(help: ArgumentHelp("A directory with tokenizer.json.", valueName: "path"))
    var tokenizer: String?

    @Flag(help: "Add no special tokens; with --decode, omit them from the text.")
    var noSpecial = false

    @Option(
        help: ArgumentHelp(
            """
            Render a chat: JSON with messages, and optional tools, documents, add_generation_prompt, enable_thinking, \
            chat_template_kwargs and chat_template (the name of a template).
            """, valueName: "file.json"))
    var chat: String?

    @OptionGroup var template: TemplateOptions

    @Option(parsing: .unconditional, help: ArgumentHelp("Turn these ids into text.", valueName: "1,2,3"))
    var decode: TokenIDs?

    @Flag(help: "Print {\"ids\": […], \"text\": …}.")
    var json = false

    func validate() throws {
        guard [text != nil, file != nil, chat != nil, decode != nil].filter(\.self).count <= 1 else {
            throw ValidationError("give one of TEXT, --file, --chat and --decode")
        }
        guard chat != nil || !template.isGiven else {
            throw ValidationError(
                "--chat-template, --chat-template-kwargs and --thinking belong to --chat; leave them out")
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
            var document = try Self.document(chat)
            let source = try template.apply(to: &document.options, of: tokenizer)
            let text = try (source.map(tokenizer.with(chatTemplate:)) ?? tokenizer).renderChat(
                document.messages, addGenerationPrompt: document.addGenerationPrompt, options: document.options)
            return encoded(text, addSpecial: false, tokenizer)
        }
        let text = try text ?? file.map { try TextInput.file($0) } ?? TextInput.standardInput()
        return encoded(text, addSpecial: !noSpecial, tokenizer)
    }

    private static func document(_ path: String) throws -> ChatDocument {
        let text = try TextInput.file(path)
        do throws(TokenizerError) {
            return try ChatDocument(json: text)
        } catch {
            throw StreamError.badChat(path: path, problem: error.problem)
        }
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
