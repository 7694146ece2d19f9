// Two sessions at once on one model: a question, and a text without end that is cancelled when the answer is there.
//
//     swift run -c release ConcurrentExample weights/volley-5m
import Foundation
import Volley

/// What a task of the group brings home.
struct Outcome {
    let name: String
    let text: String
    let tokenCount: Int
    let reason: FinishReason?
}

/// Reads a generation to its end. A cancelled one ends early, without an error.
func outcome(of generation: Generation, _ name: String) async throws -> Outcome {
    var text = ""
    var tokenCount = 0
    for try await token in generation {
        text += token.text
        tokenCount += 1
    }
    return Outcome(name: name, text: text, tokenCount: tokenCount, reason: generation.finishReason)
}

func run(_ path: String) async throws {
    let model = try await Model.load(path)
    try await withThrowingTaskGroup(of: Outcome.self) { group in
        group.addTask {
            let session = model.session(SessionOptions(threadCount: 1))
            let question = ChatMessage.user("Sort this list: 73 27 43 37 19")
            return try await outcome(of: session.generate(chat: [question], plan: .multiToken(4)), "answer")
        }
        group.addTask {
            // Its memory is bounded by the window, its length by nothing.
            let session = model.session(SessionOptions(threadCount: 1, window: 64))
            let options = GenerationOptions(maximumTokens: .max, ignoresEnd: true)
            return try await outcome(of: session.generate("In the beginning", options: options), "endless")
        }
        while let outcome = try await group.next() {
            group.cancelAll()
            let text = outcome.reason == .cancelled ? "" : ": \(outcome.text)"
            print("\(outcome.name): \(outcome.reason?.rawValue ?? "") after \(outcome.tokenCount) tokens\(text)")
        }
    }
}

guard CommandLine.arguments.count == 2 else {
    print("usage: ConcurrentExample MODEL")
    exit(64)
}

do {
    try await run(CommandLine.arguments[1])
} catch {
    print("\(error)")
    exit(1)
}
