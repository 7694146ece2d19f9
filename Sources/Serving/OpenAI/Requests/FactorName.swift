import Decoding
import JSON

/// `mtd`: `off` or a factor, as a string or a whole number.
struct FactorName: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let factor = try? container.decode(Int.self) {
            text = String(factor)
        } else {
            let value = try container.decode(JSONValue.self)
            throw APIError.invalid("\(PlanError.unreadableFactor("\(value)"))", field: "mtd")
        }
    }
}
