import Foundation
import TestSupport
import Testing

/// Runs the programs in `docs/examples`.
struct ExamplesTests {
    @Test("the streaming example colours each cycle index and counts passes")
    func streaming() throws {
        let run = try Command.run(
            [Goldens.embedded, "4", "Sort this list: 73 27 43 37 19"], program: Command.built("StreamingExample"))
        #expect(run.status == 0, "\(run.text)")
        let lines = run.text.split(separator: "\n")
        #expect(lines[0].replacing(/\u{1B}\[[0-9;]*m/, with: "") == "19 27 37 43 73")
        for shade in [231, 159, 117, 75] { #expect(lines[0].contains("\u{1B}[38;5;\(shade)m")) }
        #expect(lines[1].wholeMatch(of: /\d+ trunk passes for \d+ tokens, \d+ tokens\/s, ended by stop/) != nil)
    }

    @Test("the streaming example reports an error in one sentence")
    func refusal() throws {
        let run = try Command.run([Goldens.embedded, "17", "a"], program: Command.built("StreamingExample"))
        #expect(run.status == 1)
        #expect(run.text == "the multi-token factor is 17; give off or a number from 1 to 16\n")
    }

    @Test("the concurrent example answers in one session and cancels the other")
    func concurrent() throws {
        let run = try Command.run([Goldens.embedded], program: Command.built("ConcurrentExample"))
        #expect(run.status == 0, "\(run.text)")
        let lines = run.text.split(separator: "\n")
        #expect(lines[0].wholeMatch(of: /answer: stop after \d+ tokens: 19 27 37 43 73/) != nil)
        #expect(lines[1].wholeMatch(of: /endless: cancelled after \d+ tokens/) != nil)
    }
}
