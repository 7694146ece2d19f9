import Decoding
import JSON
import Tokens

/// `POST /v1/chat/completions`.
struct ChatRequest {
    let prompt: [Int]
    let answer: AnswerFields
    /// Most likely tokens beside each one; nil for none.
    let logprobCount: Int?

    init(_ body: [UInt8], _ server: ServedModel) throws(APIError) {
        var fields = try RequestFields(body)
        try fields.refuse("functions", unless: .array([]))
        for name in ["tool_choice", "function_call"] { try fields.refuse(name, unless: "none", "auto") }
        for name in ["audio", "prediction", "web_search_options", "reasoning_effort", "verbosity"] {
            try fields.refuse(name)
        }
        try fields.refuse("modalities", unless: ["text"])
        try fields.refuse("response_format", unless: ["type": "text"])
        fields.ignore("parallel_tool_calls")
        answer = try AnswerFields(
            &fields, server, maximumTokens: .max, lengthNames: ["max_tokens", "max_completion_tokens"])
        let wantsLogprobs = try fields.truth("logprobs") ?? false
        let top = try fields.count("top_logprobs", in: 0...20)
        guard wantsLogprobs || top ?? 0 == 0 else {
            throw .invalid("top_logprobs needs logprobs; set logprobs to true", field: "top_logprobs")
        }
        logprobCount = wantsLogprobs ? top ?? 0 : nil
        let chat = try ChatPrompt(&fields)
        try fields.refuseOthers()
        prompt = try server.tokens(of: chat)
        try server.check(prompts: [prompt], choicesOfEach: answer.choiceCount)
    }
}
