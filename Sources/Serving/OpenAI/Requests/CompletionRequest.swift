import Foundation
import JSON

/// The body of `POST /v1/completions`.
struct CompletionRequest: DecodableWithConfiguration {
    private(set) var answer: AnswerRequest
    let prompts: [CompletionPrompt]
    /// Most likely tokens reported beside each token; nil for none.
    let logprobCount: Int?
    /// Whether the answer begins with the prompt.
    let echoes: Bool

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case prompts = "prompt"
        case logprobCount = "logprobs"
        case echoes = "echo"
    }

    private enum Unsupported: String, UnsupportedField {
        case suffix
        case bestOf = "best_of"

        var harmless: [JSONValue] {
            switch self {
            case .suffix: [""]
            case .bestOf: [.int(1)]
            }
        }
    }

    /// - Throws: `APIError` naming the field that is wrong.
    init(from decoder: any Decoder, configuration served: ServedModel) throws {
        try decoder.refuse(Unsupported.self)
        answer = try AnswerRequest(from: decoder, configuration: served)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        logprobCount = try fields.count(.logprobCount, in: 0...20)
        echoes = try fields.truth(.echoes) ?? false
        guard let prompts = try fields.decodeIfPresent(CompletionPrompts.self, forKey: .prompts) else {
            throw APIError.invalid("prompt is missing; give a text or token ids", field: "prompt")
        }
        self.prompts = prompts.prompts
        let known = CodingKeys.names + Unsupported.names + AnswerRequest.fieldNames
        answer.ignore(try decoder.fields(notIn: known, for: served))
    }
}
