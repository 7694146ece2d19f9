import TestSupport
import Testing
import Volley

/// Cycles of 1, 2, 4, 8, 8, … tokens: the documentation's example of a plan.
private struct GrowingPlan: DecodePlan {
    var name: String { "growing" }
    var needsSplit: Bool { true }

    func headInput(at position: Int, promptCount: Int) -> HeadInput {
        switch cycleIndex(of: position, promptCount: promptCount) {
        case nil: .trunk
        case 0: .embeddingAndTrunk
        default: .embedding
        }
    }

    func cycleIndex(of position: Int, promptCount: Int) -> Int? {
        guard position >= promptCount else { return nil }
        let index = position - promptCount
        guard index < 7 else { return (index - 7) % 8 }
        return index - [0, 1, 1, 3, 3, 3, 3][index]
    }
}

struct CustomPlanTests {
    @Test("a program's own plan runs the trunk where it says, and equals one pass over the sequence")
    func growing() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(SessionOptions(threadCount: 1))
        let generation = session.generate(
            chat: [.user("Sort this list: 73 27 43 37 19")], plan: .custom(GrowingPlan()),
            options: GenerationOptions(maximumTokens: 20, ignoresEnd: true))
        var tokens: [GeneratedToken] = []
        for try await token in generation { tokens.append(token) }
        let places = [nil, 0, 0, 1, 0, 1, 2, 3] + Array(0..<8) + Array(0..<4)
        #expect(tokens.map(\.cycleIndex) == places)
        #expect(generation.statistics.passes.trunkPasses == 5)
    }
}
