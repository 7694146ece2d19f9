import Constraints
import JSON
import TestSupport
import Testing

/// Damaged schemas, expressions and grammars: an error, or a constraint whose texts can be written. No crash, no hang, bounded memory.
@Suite struct ConstraintFuzzTests {
    private static func fuzz(
        _ seeds: [String], seed: UInt64, _ make: (String) throws -> Constraint
    ) {
        var mutator = FileMutator(seed: seed)
        var accepted = 0
        for _ in 0..<fuzzRounds {
            var source = Array((seeds.randomElement(using: &mutator.random) ?? "").utf8)
            if Bool.random(using: &mutator.random), let other = seeds.randomElement(using: &mutator.random) {
                let piece = Array(
                    other.utf8.dropFirst(Int.random(in: 0...other.utf8.count, using: &mutator.random)).prefix(20))
                source.insert(contentsOf: piece, at: Int.random(in: 0...source.count, using: &mutator.random))
            }
            let text = String(decoding: mutator.mutated(source, isText: true), as: UTF8.self)
            guard let constraint = try? make(text).bound() else { continue }
            accepted += 1
            do {
                // Every state has a token that may come, or is an end.
                var state = constraint.start
                for _ in 0..<12 {
                    var allowed: [Int] = []
                    try constraint.mask(state).forEach(below: TestVocabulary.strings.count) { allowed.append($0) }
                    #expect(!allowed.isEmpty || constraint.accepts(state), "\(text)")
                    guard let token = allowed.randomElement(using: &mutator.random) else { break }
                    state = try #require(try constraint.next(state, token))
                }
            } catch {
                #expect(error as? ConstraintError == .tooAmbiguous, "\(text)")
            }
        }
        #expect(accepted > 0)
        #expect(accepted < fuzzRounds)
    }

    @Test func schemas() { Self.fuzz(Array(SchemaTests.schemas), seed: 0x5C4E) { try .jsonSchema($0) } }

    @Test func expressions() {
        let seeds = [
            "a+b?", "(foo|ba[rz]){2,9}", "^\\d{3}-\\w+$", "[^a-c\\s]{1,2}", "\\x41\\u00e9\\u{1F600}\\.",
            "(?:a|b)*?c|(d(e(f)))",
        ]
        Self.fuzz(seeds, seed: 0x4E6) { try .regularExpression($0) }
        Self.fuzz(seeds, seed: 0x4E7) {
            try .jsonSchema(#"{"type":"string","maxLength":9,"pattern":\#(JSONValue.string($0).text)}"#)
        }
    }

    @Test func grammars() {
        let seeds = [
            "root ::= expr (\"=\" expr)?\nexpr ::= term ([-+*/] term)*\nterm ::= [0-9]+ | \"(\" expr \")\"\n",
            "root ::= \"a\" root | [^a-z\\n] # x\n",
            "root ::= item{1,5} \"\\u65E5\"\nitem ::= \"x\" | (\"y\" | \"\")? .",
        ]
        Self.fuzz(seeds, seed: 0x6B4F) { try .grammar($0) }
    }
}
