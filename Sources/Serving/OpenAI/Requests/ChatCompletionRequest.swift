import Foundation
import JSON

/// The body of `POST /v1/chat/completions`.
struct ChatCompletionRequest: DecodableWithConfiguration {
    private(set) var answer: AnswerRequest
    let prompt: ChatPrompt
    let tools: ToolFields
    let thinking: ThinkingFields
    /// Overrides `max_tokens`, its older name.
    let completionLength: AnswerLength?
    /// Most likely tokens reported beside each token; nil for none.
    let logprobCount: Int?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case maximumCompletionTokens = "max_completion_tokens"
        case logprobs
        case topLogprobs = "top_logprobs"
    }

    private enum Unsupported: String, UnsupportedField {
        case functions
        case functionCall = "function_call"
        case audio
        case prediction
        case webSearchOptions = "web_search_options"
        case verbosity
        case modalities

        var harmless: [JSONValue] {
            switch self {
            case .functions: [[]]
            case .functionCall: ["none", "auto"]
            case .audio, .prediction, .webSearchOptions, .verbosity: []
            case .modalities: [["text"]]
            }
        }
    }

    private static let fieldNames =
        CodingKeys.names + Unsupported.names + ChatPrompt.fieldNames + ToolFields.fieldNames
        + ThinkingFields.fieldNames + AnswerRequest.fieldNames

    /// - Throws: `APIError` naming the field that is wrong.
    init(from decoder: any Decoder, configuration served: ServedModel) throws {
        try decoder.refuse(Unsupported.self)
        answer = try AnswerRequest(from: decoder, configuration: served)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        completionLength = try AnswerLength(fields, .maximumCompletionTokens)
        let wantsLogprobs = try fields.truth(.logprobs) ?? false
        let top = try fields.count(.topLogprobs, in: 0...20)
        guard wantsLogprobs || top ?? 0 == 0 else {
            throw APIError.invalid("top_logprobs needs logprobs; set logprobs to true", field: "top_logprobs")
        }
        logprobCount = wantsLogprobs ? top ?? 0 : nil
        tools = try ToolFields(from: decoder)
        thinking = try ThinkingFields(from: decoder)
        var prompt = try ChatPrompt(from: decoder, configuration: served)
        if tools.choice == .none { prompt.removeTools() }
        prompt.set(thinking)
        self.prompt = prompt
        answer.ignore(try decoder.fields(notIn: Self.fieldNames, for: served) + prompt.ignoredFields)
    }
}
