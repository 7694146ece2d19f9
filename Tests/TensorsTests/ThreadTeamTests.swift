import Foundation
import Tensors
import TestSupport
import Testing

struct ThreadTeamTests {
    struct Sums {
        var parts: UnsafeMutablePointer<Int>
        var round: Int
    }

    static func runRounds(_ count: Int, team: ThreadTeam, parts: Int) -> Bool {
        let sums = AlignedBuffer<Int>(count: parts * 8)
        for round in 1...count {
            var job = Sums(parts: sums.pointer, round: round)
            team.run(
                parts: parts,
                { pointer, part, parts, _ in
                    pointer.assumingMemoryBound(to: Sums.self).pointee.parts[8 * part] += parts
                }, &job)
            guard (0..<parts).allSatisfy({ sums.pointer[8 * $0] == round * parts }) else { return false }
        }
        return true
    }

    @Test("every part of every job runs once, even with more members than cores or parts")
    func everyPart() throws {
        for count in [1, 2, 3, 8] {
            let team = try ThreadTeam(count: count)
            for parts in [1, 2, 3, 17] {
                #expect(Self.runRounds(1_000, team: team, parts: parts), "\(count) members, \(parts) parts")
            }
        }
    }

    @Test("no member runs two parts at once, so scratch memory can belong to a member")
    func members() throws {
        let team = try ThreadTeam(count: 3)
        let busy = AlignedBuffer<Int>(count: 3 * 8)
        var job = Sums(parts: busy.pointer, round: 0)
        for _ in 0..<200 {
            team.run(
                parts: 24,
                { pointer, _, _, member in
                    let busy = pointer.assumingMemoryBound(to: Sums.self).pointee.parts + 8 * member
                    let before = busy.pointee
                    for _ in 0..<50 { busy.pointee += 1 }
                    if busy.pointee != before + 50 { busy.pointee = .min }
                }, &job)
        }
        #expect((0..<3).reduce(0) { $0 + busy.pointer[8 * $1] } == 200 * 24 * 50)
    }

    @Test("workers that went to sleep wake up for the next job")
    func wakeUp() throws {
        let team = try ThreadTeam(count: 3)
        for _ in 0..<5 {
            #expect(Self.runRounds(2, team: team, parts: 6))
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    @Test("several teams work at once, and teams come and go")
    func severalTeams() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try (0..<20).allSatisfy { _ in Self.runRounds(50, team: try ThreadTeam(count: 3), parts: 5) }
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    // Many rounds, because workers are rarely late at the critical moment: a barrier that took the stop for a job passed
    // thousands.
    @Test("a team that is released right after a job ends, wherever its workers are")
    func dismissal() async throws {
        let count = Command.isSanitized ? 100 : 5_000
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try (0..<count).allSatisfy {
                        Self.runRounds(1 + $0 % 3, team: try ThreadTeam(count: 2 + $0 % 5), parts: 4)
                    }
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
