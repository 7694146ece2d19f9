import Decoding
import Hummingbird

/// The output of one choice so far.
struct ChoiceRecord: Sendable {
    let prompt: [Int]
    var promptLogprobs: [[TokenLogprob]] = []
    var tokens: [GeneratedToken] = []
    var summary: JobSummary?

    var text: String { tokens.map(\.text).joined() }

    /// - Throws: `APIError` if the model failed.
    mutating func take(_ event: JobEvent) throws(APIError) {
        switch event {
        case .prompt(let logprobs): promptLogprobs = logprobs
        case .token(let token): tokens.append(token)
        case .finished(let summary): self.summary = summary
        case .failed(let error): throw APIError(status: .internalServerError, message: "\(error)", code: "model_failed")
        }
    }
}
