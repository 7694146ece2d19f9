import Constraints
import JSON

/// The fields of a chat request that say which tools the model may or must call.
struct ToolFields: Decodable {
    enum Choice: Equatable {
        case auto, none, required
        case named(String)
    }

    /// Tools in the request's order; empty for none.
    let tools: [ToolDescription]
    let choice: Choice
    let isParallel: Bool
    /// Whether a tool asks that its schema be kept.
    let isStrict: Bool

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tools
        case choice = "tool_choice"
        case isParallel = "parallel_tool_calls"
    }

    static let fieldNames = CodingKeys.names

    /// - Throws: `APIError` naming the field that is wrong.
    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let list = try fields.decodeIfPresent(JSONValue.self, forKey: .tools)
        var tools: [ToolDescription] = []
        for (index, tool) in (list?.arrayValue ?? []).enumerated() {
            tools.append(try Self.description(tool, "tools[\(index)]"))
        }
        self.tools = tools
        isStrict = (list?.arrayValue ?? []).contains { $0["function"]?["strict"] == .bool(true) }
        isParallel = try fields.truth(.isParallel) ?? true
        choice = try Self.choice(fields.decodeIfPresent(JSONValue.self, forKey: .choice), tools)
    }

    private static func description(_ tool: JSONValue, _ place: String) throws(APIError) -> ToolDescription {
        // Templates of some models take the function without the object around it.
        let function = tool["function"] ?? tool
        guard let name = function["name"]?.stringValue, !name.isEmpty, name.utf8.count <= 256 else {
            throw .invalid("\(place) has no function with a name of up to 256 bytes", field: place)
        }
        let schema = function["parameters"] ?? .null
        return ToolDescription(name: name, schema: (schema.isNull ? ["type": "object"] : schema).text)
    }

    private static func choice(_ value: JSONValue?, _ tools: [ToolDescription]) throws(APIError) -> Choice {
        guard let value, !value.isNull else { return .auto }
        let choice: Choice
        switch value.stringValue {
        case "auto": return .auto
        case "none": return .none
        case "required", "any": choice = .required
        default:
            guard let name = value["function"]?["name"]?.stringValue else {
                throw .invalid(
                    "tool_choice is \(value); give auto, none, required, or a function's name", field: "tool_choice")
            }
            guard tools.contains(where: { $0.name == name }) else {
                throw .invalid("tool_choice names \(quoted(name)), which is not in tools", field: "tool_choice")
            }
            choice = .named(name)
        }
        guard !tools.isEmpty else {
            throw .invalid("tool_choice asks for a tool, and there are no tools", field: "tool_choice")
        }
        return choice
    }
}
