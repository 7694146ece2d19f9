import JSON
import Testing

/// The JSON parser: accepted values, their exactness, and errors.
@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8), limits: .configuration)
    }

    private func refusal(_ parse: () throws -> JSONValue) -> String? {
        let error = #expect(throws: JSONSyntaxError.self) { try parse() }
        return error?.description
    }

    @Test func keepsEveryKindOfValue() throws {
        let value = try parse(#" {"a": [1, -2.5e1, true, false, null], "b": {"c": "x"}, "": []} "#)
        #expect(
            value
                == .object([
                    "a": .array([.int(1), .double(-25), .bool(true), .bool(false), .null]),
                    "b": .object(["c": .string("x")]), "": .array([]),
                ]))
        #expect(value["b"]?["c"]?.stringValue == "x")
        #expect(value["a"]?.arrayValue?[0].doubleValue == 1)
    }

    @Test func wholeNumbersStayExact() throws {
        #expect(try parse("9223372036854775807") == .int(.max))
        #expect(try parse("9223372036854775808") == .double(9_223_372_036_854_775_808))
        #expect(try parse("1.0") == .double(1))
        #expect(try parse("1.0").intValue == nil)
        #expect(try parse("1e-06") == .double(1e-6))
    }

    @Test func decodesEscapes() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#) == .string("\"\\/\u{8}\u{c}\n\r\té😀"))
    }

    @Test(arguments: [
        ("", "byte 0: the text ends where a JSON value should be"),
        ("{", "byte 1: the text ends where a field name should be"),
        ("[1 2]", "byte 3: ',' or ']' in an array should be here, not '2'"),
        ("{\"a\" 1}", "byte 5: ':' after a field name should be here, not '1'"),
        ("{\"a\":1,}", "byte 7: a field name should be here, not '}'"),
        ("{\"a\":1,\"a\":2}", "byte 7: the field 'a' is there twice"),
        ("nul", "byte 0: 'null' should be here, not 'n'"),
        ("01", "byte 1: more text after the JSON value"),
        ("-", "byte 1: the text ends where a digit should be"),
        ("1e999", "byte 0: the number '1e999' is out of range"),
        ("NaN", "byte 0: a JSON value should be here, not 'N'"),
        ("\"abc", "byte 0: a string has no end"),
        ("\"\\ud800\"", "byte 1: half of a surrogate pair"),
        ("\"\\udc00\"", "byte 1: half of a surrogate pair"),
        ("\"\\u12g4\"", "byte 5: a hexadecimal digit should be here, not 'g'"),
        ("\"a\nb\"", "byte 2: a character, not a raw control byte, should be here, not byte 10"),
        ("1 1", "byte 2: more text after the JSON value"),
    ])
    func saysWhereTheTextIsBroken(_ text: String, _ message: String) {
        #expect(refusal { try parse(text) } == message)
    }

    @Test func refusesTextThatIsNotUTF8() {
        let text = [UInt8(ascii: "\""), 0xFF, UInt8(ascii: "\"")]
        #expect(
            refusal { try JSONValue(parsing: text, limits: .configuration) } == "byte 0: a string is not UTF-8"
        )
    }

    @Test func deepNestingIsAnErrorNotAStackOverflow() {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(refusal { try parse(deep) } == "byte 65: nested deeper than 64 levels")
    }

    @Test func manyTinyValuesAreAnErrorNotGigabytes() {
        let many = "[" + String(repeating: "0,", count: 600_000) + "0]"
        #expect(refusal { try parse(many) } == "byte 999999: more than 500000 values")
    }

    @Test func namesThatAreOnlyCanonicallyEquivalentAreTwoFields() throws {
        let value = try parse("{\"\u{e9}\": 1, \"e\u{301}\": 2, \"a\": 3}")
        #expect(value.objectValue?.count == 3)
        #expect(value["\u{e9}"] == .int(1))
        #expect(value["e\u{301}"] == .int(2))
        #expect(value.objectValue?.map(\.value) == [.int(1), .int(2), .int(3)])
    }

    @Test func fieldsAreSetReplacedAndRemoved() {
        var object: JSONObject = ["a": .int(1), "b": .null]
        object["a"] = .int(2)
        object["c"] = "x"
        object["b"] = nil
        #expect(object == ["c": "x", "a": .int(2)])
        #expect(object != ["c": "x", "a": .int(3)])
    }

    @Test func namesInMessagesCannotWriteToTheTerminal() {
        #expect(quoted("a\u{1B}[2J'") == "'a\\u{1B}[2J\\''")
        #expect(quoted(String(repeating: "x", count: 100)) == "'" + String(repeating: "x", count: 80) + "…'")
    }
}
