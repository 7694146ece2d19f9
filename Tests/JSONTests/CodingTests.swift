import JSON
import Testing

/// `Codable` types from parsed values and back.
struct CodingTests {
    private struct Sample: Codable, Equatable {
        var count: Int
        var share: Float?
        var names: [String]
        var flags: [String: Bool]
        var inner: Inner

        struct Inner: Codable, Equatable {
            var values: [Int?]
            var any: JSONValue
        }

        enum CodingKeys: String, CodingKey {
            case count = "the_count"
            case share, names, flags, inner
        }
    }

    @Test("a type is read from a value and written in the order of its keys; nil is left out")
    func roundTrip() throws {
        let text = #"{"the_count":2,"names":["a"],"flags":{"b":true},"inner":{"values":[1,null],"any":{"c":[1.5]}}}"#
        let value = try JSONValue(parsing: Array(text.utf8), limits: .configuration)
        let sample = try Sample(from: JSONValueDecoder(value))
        #expect(sample.share == nil && sample.flags == ["b": true] && sample.inner.values == [1, nil])
        #expect(try JSONValue(encoding: sample).text == text)
    }

    @Test("whole numbers may have a fraction of zero, but not be rounded")
    func wholeNumbers() throws {
        #expect(try Int(from: JSONValueDecoder(.double(3))) == 3)
        for value in [JSONValue.double(1.5), .double(0x1p53), "1", .bool(true)] {
            #expect(throws: DecodingError.self) { try Int(from: JSONValueDecoder(value)) }
        }
        #expect(throws: DecodingError.self) { try UInt8(from: JSONValueDecoder(.int(300))) }
    }

    @Test("names that look the same stay apart, and numbers that are not finite are written")
    func unusual() throws {
        let value: JSONValue = ["\u{E9}": .int(1), "e\u{301}": .int(2)]
        #expect(try JSONValue(from: JSONValueDecoder(value)) == value)
        #expect(try JSONValue(encoding: value).text == "{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(try JSONValue(encoding: [-Double.infinity]).text == "[1e999]")
    }
}
