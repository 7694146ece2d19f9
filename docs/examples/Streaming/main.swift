// Streams an answer, each token coloured by its place in the cycle, and says what it took:
//
//     swift run -c release StreamingExample weights/volley-5m 4 "Sort this list: 73 27 43 37 19"
import Foundation
import Volley

/// Bright where the trunk ran, then darker with each pass of the head alone.
func painted(_ token: GeneratedToken) -> String {
    guard let place = token.cycleIndex, !token.text.isEmpty else { return token.text }
    let shades = [231, 159, 117, 75, 69, 63]
    return "\u{1B}[38;5;\(shades[min(place, shades.count - 1)])m\(token.text)\u{1B}[0m"
}

guard CommandLine.arguments.count == 4, let factor = Int(CommandLine.arguments[2]) else {
    print("usage: StreamingExample MODEL FACTOR QUESTION")
    exit(64)
}

do {
    let model = try await Model.load(CommandLine.arguments[1])
    let generation = model.session().generate(
        chat: [.user(CommandLine.arguments[3])], plan: .multiToken(factor),
        options: GenerationOptions(maximumTokens: 200))
    for try await token in generation {
        FileHandle.standardOutput.write(Data(painted(token).utf8))  // print would wait for a whole line
    }

    let statistics = generation.statistics
    print("\n\(statistics.passes.trunkPasses) trunk passes for \(statistics.decodeTokens) tokens,", terminator: " ")
    print("\(Int(statistics.tokensPerSecond)) tokens/s, ended by \(generation.finishReason?.rawValue ?? "nothing")")
} catch {
    print("\(error)")
    exit(1)
}
