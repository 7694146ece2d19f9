import Constraints
import JSON
import TestSupport
import Testing

/// Schemas and grammars that are made to take long, much memory or a deep stack: refused, or built in bounded time.
struct HostileTests {
    @Test("nested oneOf, chains of references, and wide alternatives", .timeLimit(.minutes(1)))
    func schemas() throws {
        var nested = #"{"type":"null"}"#
        for _ in 0..<28 { nested = #"{"oneOf":[\#(nested),{"type":"string"}]}"# }
        #expect(throws: ConstraintError.self) { try Constraint.jsonSchema(nested) }
        var disjoint = #"{"const":0}"#
        for number in 1..<28 { disjoint = #"{"oneOf":[\#(disjoint),{"const":\#(number)}]}"# }
        #expect(try Constraint.jsonSchema(disjoint).accepts("27"))

        let definitions = (0..<5_000).map {
            ##""d\##($0)":{"type":"object","properties":{"x":{"$ref":"#/$defs/d\##($0 + 1)"}}}"##
        }
        let chain =
            ##"{"$ref":"#/$defs/d0","$defs":{\##(definitions.joined(separator: ",")),"d5000":{"type":"null"}}}"##
        #expect(try Constraint.jsonSchema(chain).accepts(#"{"x":{"x":{}}}"#))

        let wide = (0..<20).map { ##"{"anyOf":[{"minimum":\##($0)},{"maximum":\##($0)},{"type":"null"}]}"## }
        #expect(throws: ConstraintError.self) {
            try Constraint.jsonSchema(#"{"allOf":[\#(wide.joined(separator: ","))]}"#)
        }
    }

    @Test(
        "long names, many properties and huge counts", .timeLimit(.minutes(1)),
        arguments: [
            #"{"properties":{"\#(String(repeating: "a", count: 5_000))":{}},"additionalProperties":true}"#,
            #"{"type":"object","maxProperties":900000000}"#,
            #"{"type":"string","maxLength":900000000}"#, #"{"type":"array","maxItems":900000000}"#,
            #"{"type":"string","pattern":"^(a|b)*a(a|b){16}$","maxLength":90000}"#,
            #"{"type":"string","pattern":"(([ab]*c){1000}){1000}","maxLength":9}"#,
        ])
    func counts(_ schema: String) {
        #expect(throws: ConstraintError.self) { try Constraint.jsonSchema(schema).bound() }
    }

    @Test("quantifiers in a row, deep groups and ambiguous lists", .timeLimit(.minutes(1)))
    func grammars() throws {
        let quantifiers = "root ::= \"a\"" + String(repeating: "{1}", count: 50_000)
        #expect(throws: ConstraintError.self) { try Constraint.grammar(quantifiers) }
        let groups = "root ::= " + String(repeating: "(", count: 50_000)
        #expect(throws: ConstraintError.self) { try Constraint.grammar(groups) }
        #expect(throws: ConstraintError.self) {
            try Constraint.regularExpression(String(repeating: "(", count: 50_000))
        }
        // Every way to read it at once stays a small state.
        let ambiguous = try Constraint.grammar("root ::= (\"a\" | \"a\"? \"a\")* (\"a\"* \"b\"?){50}")
        #expect(try ambiguous.accepts(String(repeating: "a", count: 400) + "b"))
    }
}
