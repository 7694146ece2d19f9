import Decoding

/// A request that has been read: its prompts are tokens.
struct PreparedAnswer<Format: AnswerFormat>: Sendable {
    let answer: AnswerRequest
    let prompts: [[Int]]
    /// Of every choice; `seed` is the first choice's.
    let options: GenerationOptions
    /// Whether the prompt's tokens get logprobs too.
    let scoresPrompt: Bool
    let format: Format
}
