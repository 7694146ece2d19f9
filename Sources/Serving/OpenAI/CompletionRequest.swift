import Decoding
import JSON

/// `POST /v1/completions`.
struct CompletionRequest {
    let prompts: [[Int]]
    let answer: AnswerFields
    /// Most likely tokens beside each one; nil for none.
    let logprobCount: Int?
    /// Whether the prompt comes before the answer.
    let echoes: Bool

    init(_ body: [UInt8], _ server: ServedModel) throws(APIError) {
        var fields = try RequestFields(body)
        try fields.refuse("suffix", unless: "")
        try fields.refuse("best_of", unless: .int(1))
        answer = try AnswerFields(&fields, server, maximumTokens: 16, lengthNames: ["max_tokens"])
        logprobCount = try fields.count("logprobs", in: 0...20)
        echoes = try fields.truth("echo") ?? false
        guard let prompt = fields.value("prompt") else {
            throw .invalid("prompt is missing; give a text or token ids", field: "prompt")
        }
        try fields.refuseOthers()
        prompts = try Self.prompts(prompt, server)
        try server.check(prompts: prompts, choicesOfEach: answer.choiceCount)
    }

    /// A text, texts, token ids, or lists of token ids.
    private static func prompts(_ value: JSONValue, _ server: ServedModel) throws(APIError) -> [[Int]] {
        if let text = value.stringValue { return [try server.tokens(ofText: text)] }
        guard let elements = value.arrayValue, let first = elements.first else {
            throw .invalid("prompt is \(value); give a text, texts, token ids or lists of them", field: "prompt")
        }
        if first.wholeNumber != nil { return [try ids(value)] }
        var prompts: [[Int]] = []
        for element in elements {
            if let text = element.stringValue {
                prompts.append(try server.tokens(ofText: text))
            } else {
                prompts.append(try ids(element))
            }
        }
        return prompts
    }

    private static func ids(_ value: JSONValue) throws(APIError) -> [Int] {
        let elements = value.arrayValue ?? []
        let ids = elements.compactMap(\.wholeNumber)
        guard !ids.isEmpty, ids.count == elements.count else {
            throw .invalid("prompt holds \(value); give texts alone, or lists of whole numbers alone", field: "prompt")
        }
        return ids
    }
}
