import Decoding
import Models
import TestSupport
import Testing

/// The plan of each pass, from an empty sequence to its last token.
struct PassPlanTests {
    /// Where a sequence stands, as the engine would keep it.
    private struct Run {
        let plan: any DecodePlan
        let promptCount: Int
        let tokenCount: Int
        var trunkEnd = 0
        var headCount = 0

        var isBehind: Bool { headCount < tokenCount }

        var layout: TextLayout { TextLayout(promptCount: promptCount, tokenCount: tokenCount) }

        var progress: SequenceProgress {
            SequenceProgress(
                plan: plan, text: layout, trunkEnd: trunkEnd, headCount: headCount, remainingPositions: 100)
        }

        func trunkCount(before position: Int) -> Int { plan.trunkCount(before: position, promptCount: promptCount) }

        mutating func take(_ share: PassPlan.Share) {
            let seen = trunkCount(before: trunkEnd) + share.trunkRows
            while trunkCount(before: trunkEnd) < seen { trunkEnd += 1 }
            headCount += share.headRows
        }
    }

    private static let plans: [any DecodePlan] =
        [.vanilla, Even()]
        + CycleRule.allCases.flatMap { rule in (1...4).compactMap { try? MultiTokenPlan(factor: $0, rule: rule) } }

    /// The trunk sees every other position, and the head needs it at every sixth.
    private struct Even: DecodePlan {
        var name: String { "even" }
        var needsSplit: Bool { true }
        func headInput(at position: Int, promptCount: Int) -> HeadInput { position % 6 == 0 ? .trunk : .embedding }
        func trunkCount(before position: Int, promptCount: Int) -> Int { (position + 1) / 2 }
        func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
    }

    @Test("every head row finds its trunk row, no trunk row runs early, and each pass goes on until the last token")
    func rows() {
        for plan in Self.plans {
            for promptCount in 1...5 {
                for tokenCount in promptCount...14 {
                    for rowLimit in 1...5 {
                        var run = Run(plan: plan, promptCount: promptCount, tokenCount: tokenCount)
                        var passes = 0
                        while run.isBehind, passes < 50 {
                            let before = run
                            let pass = PassPlan(
                                [run.progress], rowLimit: rowLimit, totalRows: 16, sharesWideRows: true)
                            run.take(pass.shares[0])
                            passes += 1
                            #expect(pass.shares[0].trunkRows <= rowLimit && pass.shares[0].headRows <= rowLimit)
                            let headRows = before.headCount..<run.headCount
                            let needed = headRows.last { plan.headInput(at: $0, in: run.layout).needsTrunk }
                            if let needed {
                                #expect(run.trunkEnd > needed, "\(plan) feeds position \(needed) before the trunk")
                            }
                            if !headRows.isEmpty, headRows.count == min(rowLimit, tokenCount - before.headCount) {
                                #expect(run.trunkEnd <= max(before.trunkEnd, (needed ?? -1) + 1), "\(plan) runs early")
                            }
                            #expect(run.headCount > before.headCount || run.trunkEnd > before.trunkEnd)
                        }
                        #expect(run.headCount == tokenCount)
                    }
                }
            }
        }
    }

    @Test("sequences share the pass's rows in their order, and one that has none left waits")
    func totals() {
        let runs = [3, 9, 1, 20, 2].map { Run(plan: .vanilla, promptCount: $0, tokenCount: $0) }
        let pass = PassPlan(runs.map(\.progress), rowLimit: 8, totalRows: 16, sharesWideRows: true)
        #expect(pass.shares.map(\.headRows) == [3, 8, 1, 4, 0])
        #expect(pass.shares.map(\.trunkRows) == [3, 8, 1, 4, 0])
    }

    @Test("with float weights a sequence of more than 16 rows runs alone, and in its turn")
    func wideRows() {
        func rows(_ counts: [Int]) -> [Int] {
            let runs = counts.map { Run(plan: .vanilla, promptCount: $0, tokenCount: $0) }
            return PassPlan(runs.map(\.progress), rowLimit: 64, totalRows: 128, sharesWideRows: false)
                .shares.map(\.headRows)
        }
        #expect(rows([40, 3, 40]) == [40, 0, 0])
        #expect(rows([3, 40, 16]) == [3, 0, 16])
        #expect(rows([17]) == [17])
        #expect(rows([0, 17, 1]) == [0, 17, 0])
    }

    @Test("drafts follow the last token alone, and no more than there is room for")
    func drafts() throws {
        let model = try SyntheticModel(layers: 6, headLayers: 3).build().configuration
        let plan = try SelfSpeculativePlan(exitLayer: 3, draftCount: 4, of: model)
        func share(head: Int, tokens: Int, room: Int = 100, rowLimit: Int = 16) -> PassPlan.Share {
            let progress = SequenceProgress(
                plan: plan, text: TextLayout(promptCount: 3, tokenCount: tokens), trunkEnd: head, headCount: head,
                remainingPositions: room)
            return PassPlan([progress], rowLimit: rowLimit, totalRows: 16, sharesWideRows: true).shares[0]
        }
        #expect(share(head: 0, tokens: 3) == PassPlan.Share(trunkRows: 3, draftCount: 0, headRows: 3))
        #expect(share(head: 5, tokens: 6) == PassPlan.Share(trunkRows: 1, draftCount: 4, headRows: 5))
        #expect(share(head: 5, tokens: 6, room: 3) == PassPlan.Share(trunkRows: 1, draftCount: 2, headRows: 3))
        #expect(share(head: 5, tokens: 6, room: 0) == PassPlan.Share(trunkRows: 1, draftCount: 0, headRows: 1))
        #expect(share(head: 5, tokens: 6, rowLimit: 2) == PassPlan.Share(trunkRows: 1, draftCount: 1, headRows: 2))
        #expect(share(head: 5, tokens: 5) == PassPlan.Share())
        #expect(share(head: 7, tokens: 5) == PassPlan.Share())
    }
}
