import JSON

/// What we need of a `tokenizer_config.json`.
struct TokenizerConfiguration {
    /// The text of the token that begins a text, and of the one that ends it.
    let begin: String?
    let end: String?
    /// Jinja.
    let chatTemplate: String?

    /// - Parameter place: what messages call the file.
    init(_ json: [UInt8], place: String) throws(TokenizerError) {
        let root = try JSONValue(json, place: place)
        begin = Self.tokenText(root["bos_token"])
        end = Self.tokenText(root["eos_token"])
        chatTemplate = Self.template(root["chat_template"])
    }

    /// A token is written as its text, or as an object with its text and its flags.
    private static func tokenText(_ node: JSONValue?) -> String? { node?.stringValue ?? node?["content"]?.stringValue }

    /// A template, or a list of named templates, of which `default` is the one for chats.
    private static func template(_ node: JSONValue?) -> String? {
        if let text = node?.stringValue { return text }
        let named = node?.arrayValue?.first { $0["name"]?.stringValue?.utf8.elementsEqual("default".utf8) ?? false }
        return named?["template"]?.stringValue
    }
}

extension JSONValue {
    /// Reads a whole file, which must hold an object.
    init(_ json: [UInt8], place: String) throws(TokenizerError) {
        do throws(JSONSyntaxError) {
            self = try JSONValue(parsing: json, limits: .longList)
        } catch {
            throw .damaged(place: place, problem: "not valid JSON at byte \(error.offset): \(error.problem)")
        }
        guard objectValue != nil else { throw .damaged(place: place, problem: "holds \(self), not an object") }
    }
}
