import Constraints
import JSON
import TestSupport
import Testing

/// JSON by a schema: what is written is valid, what is valid and in order can be written, and the rest is refused by name.
struct SchemaTests {
    static let schemas = [
        #"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":150}},"required":["name"]}"#,
        #"{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":4}"#,
        #"{"enum":["red","grün",1,1.5,null,true,{"a":[1]}]}"#,
        #"{"const":{"k":"v\n\""}}"#,
        #"{"anyOf":[{"type":"boolean"},{"type":"string","maxLength":3}]}"#,
        #"{"oneOf":[{"type":"null"},{"type":"array","items":{"type":"boolean"}}]}"#,
        #"""
        {"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"integer"}},"required":["kind","x"]},
        {"type":"object","properties":{"kind":{"const":"b"},"y":{"type":"string"}},"required":["kind"]}]}
        """#,
        #"{"allOf":[{"type":"object","properties":{"a":{"minimum":3}}},{"properties":{"a":{"type":"integer","maximum":5}},"required":["a"]}]}"#,
        #"""
        {"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","properties":{"value":{"type":"integer"},
        "children":{"type":"array","items":{"$ref":"#/$defs/tree"},"maxItems":3}},"required":["value","children"]}}}
        """#,
        #"{"type":"string","pattern":"^[A-Z]{2}-\\d{3}$"}"#,
        #"{"type":"string","pattern":"a.b","minLength":5,"maxLength":9}"#,
        #"{"type":"string","minLength":2,"maxLength":5}"#,
        #"{"type":["integer","null"],"minimum":-12,"exclusiveMaximum":7}"#,
        #"{"type":"string","nullable":true,"maxLength":2}"#,
        #"{"type":"number","minimum":0.5,"maximum":10.25}"#,
        #"{"type":"number","exclusiveMinimum":-1.5,"exclusiveMaximum":-1.25}"#,
        #"{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1}"#,
        #"{"type":"integer","minimum":-1000,"maximum":1000000}"#,
        #"{"type":"integer","multipleOf":7}"#,
        #"{"type":"integer","multipleOf":25,"minimum":-60,"exclusiveMaximum":100}"#,
        #"{"type":"array","prefixItems":[{"type":"string","maxLength":1},{"type":"integer"}],"items":false,"minItems":1}"#,
        #"{"type":"array","prefixItems":[{"type":"null"}],"items":{"type":"boolean"},"minItems":2,"maxItems":3}"#,
        #"{"type":"object","additionalProperties":{"type":"integer"},"maxProperties":3}"#,
        #"{"type":"object","properties":{"ab":{"type":"null"},"a":{"type":"boolean"}},"additionalProperties":{"type":"string","maxLength":1}}"#,
        #"{"type":"object","properties":{"a":{},"b":{},"c":{}},"minProperties":2,"maxProperties":2,"additionalProperties":false}"#,
        #"{"type":"object","required":["z"],"properties":{"q\"uote/~":{"type":"null"}}}"#,
        #"{"type":"object"}"#,
        #"{}"#,
        #"true"#,
        ##"{"properties":{"a":{"type":"object","properties":{"b":{"anyOf":[{"type":"null"},{"$ref":"#"}]}}}}}"##,
        #"{"anyOf":[{"required":["a"]},{"required":["b"]}],"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}}}"#,
        #"{"type":"string","enum":["a","bb","ccc"],"minLength":2,"pattern":"^b"}"#,
        #"{"not":false}"#,
    ].dropLast()

    @Test("random texts parse and are valid", arguments: schemas)
    func valid(_ text: String) throws {
        let schema = try JSONValue(parsing: Array(text.utf8), limits: .configuration)
        let constraint = try Constraint.jsonSchema(text).bound()
        let oracle = SchemaOracle(root: schema)
        var random = SeededGenerator(seed: 7)
        var distinct: Set<[UInt8]> = []
        for _ in 0..<60 {
            let bytes = try #require(try constraint.randomText(&random))
            distinct.insert(bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.utf8.elementsEqual(bytes), "not UTF-8: \(bytes)")
            guard let value = try Self.parsed(bytes) else { continue }
            #expect(oracle.isValid(value, schema), "\(text)")
        }
        #expect(distinct.count > 1 || text.contains("const\":{\"k") || text.contains("\"bb\""))
    }

    /// Nil for names that come twice, as names that the schema does not list may.
    private static func parsed(_ bytes: [UInt8]) throws -> JSONValue? {
        do {
            return try JSONValue(parsing: bytes, limits: .configuration)
        } catch {
            guard error.problem.contains("is there twice") else { throw error }
            return nil
        }
    }

    @Test(
        "what may and what may not be written",
        arguments: [
            (#"{"type":"integer"}"#, ["0", "-7", "123"], ["", "01", "1.0", "+1", "1e3", "-"]),
            (#"{"type":"number"}"#, ["0", "-0.5", "1e9", "1.25E-3"], [".5", "1.", "1e", "1e999", "NaN", "0x1"]),
            (#"{"type":"integer","minimum":10,"maximum":205}"#, ["10", "99", "205"], ["9", "206", "1000", "-10"]),
            (#"{"type":"integer","minimum":-15}"#, ["-15", "-9", "0", "99999"], ["-16", "-100"]),
            (
                #"{"type":"number","minimum":0.5,"exclusiveMaximum":2}"#, ["0.5", "0.50", "1", "1.999"],
                ["0.49", "2", "2.0", "-1"]
            ),
            (
                #"{"type":"string"}"#, [#""""#, #""a\"b""#, #""\u00e9\ud83d\ude00""#, #""é日""#],
                [#"""#, #""\ud83d""#, "\"\n\"", #""\x""#, "'a'"]
            ),
            (#"{"type":"boolean"}"#, ["true", "false"], ["True", "1", "tru"]),
            (
                #"{"type":"array","items":{"type":"integer"}}"#, ["[]", "[1,2]", "[1, 2]", "[\n  1,\n  2\n]"],
                ["[1,]", "[,1]", "[1 2]", "[ ,]"]
            ),
            (
                #"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"}},"required":["b"]}"#,
                [#"{"a":1,"b":null}"#, #"{"b": null}"#, "{\n  \"a\": 1,\n  \"b\": null\n}"],
                [#"{"a":1}"#, #"{"b":null,"a":1}"#, #"{"b":null,"c":1}"#, #"{}"#, #"{"b":null,}"#]
            ),
            (
                #"{"type":"object","properties":{"ab":{"type":"null"}},"additionalProperties":{"type":"integer"}}"#,
                [#"{"ab":null,"a":1}"#, #"{"abc":1}"#, #"{"":1,"b":2}"#],
                [#"{"ab":1}"#, #"{"a":null}"#, #"{"\u0061b":1}"#]
            ),
            (#"{"type":"object"}"#, [#"{"x":[1,{"y":"z"}]}"#, "{}"], ["[]", "1", #"{"x"}"#]),
            (#"{"type":"string","pattern":"^a|b$"}"#, [#""ax""#, #""xb""#, #""a""#], [#""xa""#, #""bx""#]),
            (
                #"{"type":"string","format":"date"}"#, [#""2024-02-28""#, #""1999-12-31""#],
                [#""2024-13-01""#, #""2024-04-31""#, #""0000-01-01""#]
            ),
            (
                #"{"type":"string","format":"ipv4"}"#, [#""127.0.0.1""#, #""255.255.255.255""#],
                [#""256.0.0.1""#, #""1.2.3""#]
            ),
            (#"{"enum":["a/b","\t"]}"#, [#""a/b""#, #""\t""#], [#""a\/b""#, #""a""#]),
        ])
    func texts(_ schema: String, allowed: [String], forbidden: [String]) throws {
        let constraint = try Constraint.jsonSchema(schema)
        for text in allowed { #expect(try constraint.accepts(text), "\(text)") }
        for text in forbidden { #expect(try !constraint.accepts(text), "\(text)") }
    }

    @Test(
        "what cannot be kept is refused by name and place",
        arguments: [
            (
                #"{"properties":{"a":{"not":{"type":"null"}}}}"#,
                #"the JSON schema, at #/properties/a: 'not' is not supported"#
            ),
            (#"{"if":{"type":"null"},"then":false}"#, #"the JSON schema, at #: 'if' is not supported"#),
            (#"{"type":"array","uniqueItems":true}"#, #"the JSON schema, at #: 'uniqueItems' is not supported"#),
            (#"{"type":"array","contains":{}}"#, #"the JSON schema, at #: 'contains' is not supported"#),
            (#"{"patternProperties":{"a":{}}}"#, #"the JSON schema, at #: 'patternProperties' is not supported"#),
            (#"{"$ref":"https://example.com/a"}"#, #"leaves the schema"#),
            (##"{"$ref":"#/$defs/x"}"##, "there is no schema at '#/$defs/x'"),
            (##"{"$ref":"#"}"##, "the schema refers to itself alone"),
            (##"{"anyOf":[{"$ref":"#"},{"type":"null"}]}"##, "the schema refers to itself alone"),
            (#"{"type":"text"}"#, "the type 'text' is unknown"),
            (#"{"type":"string","pattern":"(?=a)"}"#, "a lookahead near character 3 is not supported"),
            (#"{"type":"string","format":"iri"}"#, "the format 'iri' is not supported"),
            (#"{"oneOf":[{"type":"integer"},{"type":"number"}]}"#, "branches that may hold together"),
            (#"{"type":"number","multipleOf":0.1}"#, "'multipleOf' 0.1 is not supported"),
            (#"{"type":"string","minLength":-1}"#, "'minLength' is -1; give a number from 0"),
            (#"[1]"#, "a schema should be an object, true or false"),
            (#"{"a":}"#, "byte 5"),
            (#"{"items":[{"type":"null"}],"type":"array"}"#, "write it as 'prefixItems'"),
        ])
    func refusals(_ schema: String, message: String) throws {
        let error = #expect(throws: ConstraintError.self) { try Constraint.jsonSchema(schema) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(message), "\(error.map { "\($0)" } ?? "")")
    }

    @Test(
        "a schema without values is refused before work, also where recursion never ends",
        arguments: [
            #"false"#, #"{"type":"integer","minimum":5,"maximum":4}"#, #"{"enum":["a"],"type":"integer"}"#,
            ##"{"type":"array","items":{"$ref":"#"},"minItems":1}"##, #"{"allOf":[{"type":"string"},{"type":"null"}]}"#,
            #"{"type":"object","required":["a"],"additionalProperties":false}"#,
        ])
    func unsatisfiable(_ schema: String) throws {
        #expect(throws: ConstraintError.unsatisfiable) { try Constraint.jsonSchema(schema).bound() }
    }

    @Test("oneOf with overlapping numbers of one type is refused, with separate constants not")
    func disjoint() throws {
        #expect(throws: ConstraintError.self) {
            try Constraint.jsonSchema(#"{"oneOf":[{"type":"string"},{"type":"string","maxLength":2}]}"#)
        }
        _ = try Constraint.jsonSchema(#"{"oneOf":[{"const":1},{"enum":[2,"a"]},{"type":"null"}]}"#)
    }

    @Test("nesting ends at a limit, and every text can be finished there")
    func nesting() throws {
        let constraint = try Constraint.jsonObject.bound()
        var state = constraint.start
        var depth = 0
        while depth < 200, let next = try? step(constraint, state, "{\"a\":") {
            state = next
            depth += 1
        }
        #expect((20...100).contains(depth))
        state = try step(constraint, state, "1" + String(repeating: "}", count: depth))
        #expect(constraint.accepts(state))
    }

    private func step(
        _ constraint: TokenConstraint, _ state: TokenConstraint.State, _ text: String
    ) throws -> TokenConstraint.State {
        try text.utf8.reduce(state) {
            guard let next = try constraint.next($0, Int($1)) else { throw CancellationError() }
            return next
        }
    }
}
