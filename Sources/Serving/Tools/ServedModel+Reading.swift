import Decoding
import Tokens

extension ServedModel {
    /// How the answer to a chat is read. Sets what the answer must be, and how long the model may think, in `options`.
    ///
    /// - Throws: `APIError` naming what a tool's schema has that cannot be kept.
    func reading(
        of asked: ChatCompletionRequest, prompt: [Int], _ options: inout GenerationOptions
    ) throws(APIError) -> ChatReading {
        let tokenizer = try tokenizer()
        var template = chat
        template.merge(asked.prompt.options)
        template.tools = asked.prompt.options.tools
        do {
            let reading = try ChatReading(asked.tools, template, prompt: prompt, tokenizer)
            options.constraint = try reading.constraint(options.constraint)
            // Prepared here, not on the engine's thread; the engine finds it.
            _ = try options.constraint.map(model.tokenConstraint)
            options.thinkingBudget = asked.thinking.budget ?? thinkingBudget
            return reading
        } catch {
            throw .invalid("\(error)", field: asked.tools.tools.isEmpty ? nil : "tools")
        }
    }
}
