import Foundation
import Tensors
import Testing

struct ThreadTeamTests {
    struct Sums {
        var parts: UnsafeMutablePointer<Int>
        var round: Int
    }

    static func runRounds(_ count: Int, team: ThreadTeam) -> Bool {
        let parts = AlignedBuffer<Int>(count: team.count * 8)
        for round in 1...count {
            var sums = Sums(parts: parts.pointer, round: round)
            team.run({ $0.assumingMemoryBound(to: Sums.self).pointee.parts[8 * $1] += $2 }, &sums)
            guard (0..<team.count).allSatisfy({ parts.pointer[8 * $0] == round * team.count }) else { return false }
        }
        return true
    }

    @Test("every member does its part of every job, also when there are more members than cores")
    func everyPart() {
        for count in [1, 2, 3, 8] { #expect(Self.runRounds(3_000, team: ThreadTeam(count: count)), "\(count) members") }
    }

    @Test("workers that went to sleep wake up for the next job")
    func wakeUp() {
        let team = ThreadTeam(count: 3)
        for _ in 0..<5 {
            #expect(Self.runRounds(2, team: team))
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    @Test("several teams work at once, and teams come and go")
    func severalTeams() async {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask { (0..<20).allSatisfy { _ in Self.runRounds(50, team: ThreadTeam(count: 3)) } }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
