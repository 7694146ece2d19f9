import Decoding
import TestSupport
import Testing

struct StopMatcherTests {
    static func run(_ stops: [String], _ pieces: [String]) -> (text: String, isStopped: Bool) {
        var matcher = StopMatcher(stops)
        var text = ""
        for piece in pieces {
            let (released, isStopped) = matcher.append(piece)
            text += released
            if isStopped { return (text, true) }
        }
        return (text + matcher.flush(), false)
    }

    @Test("a stop string is found however it is split, and no part of it is released")
    func cuts() {
        var generator = SeededGenerator(seed: 1)
        for stops in [["END"], ["ab", "bc"], ["aab"], ["é!", "\n\n"]] {
            for _ in 0..<2_000 {
                let alphabet = Array("abcEND é!\n")
                let text = String((0..<12).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
                var pieces: [String] = []
                for character in text {
                    if !pieces.isEmpty, Bool.random(using: &generator) {
                        pieces[pieces.count - 1].append(character)
                    } else {
                        pieces.append(String(character))
                    }
                }
                let whole = Self.run(stops, [text])
                let cut = Self.run(stops, pieces)
                #expect(whole.text == cut.text && whole.isStopped == cut.isStopped, "\(stops) \(pieces)")
                #expect(whole.isStopped == stops.contains { text.contains($0) })
                #expect(!stops.contains { cut.text.contains($0) })
            }
        }
    }

    @Test("text that cannot become a stop string is not held back")
    func promptness() {
        var matcher = StopMatcher(["stop"])
        #expect(matcher.append("hello s").text == "hello ")
        #expect(matcher.append("t").text == "")
        #expect(matcher.append("a").text == "sta")
        #expect(matcher.append(" sto").text == " ")
        #expect(matcher.flush() == "sto")
    }
}
