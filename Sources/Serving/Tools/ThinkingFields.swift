import JSON

/// The fields of a chat request about reasoning.
struct ThinkingFields: Decodable {
    /// OpenAI's name for how much a model thinks; nil if the request does not say.
    let effort: String?
    /// Maximum number of tokens of reasoning; nil for no limit.
    let budget: Int?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case effort = "reasoning_effort"
        case budget = "thinking_budget"
    }

    static let fieldNames = CodingKeys.names
    private static let efforts = ["none", "minimal", "low", "medium", "high", "xhigh"]

    /// - Throws: `APIError` naming the field that is wrong.
    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        effort = try fields.text(.effort)
        if let effort, !Self.efforts.contains(effort) {
            throw APIError.invalid(
                "reasoning_effort is \(quoted(effort)); give one of \(Self.efforts.joined(separator: ", "))",
                field: "reasoning_effort")
        }
        budget = try fields.count(.budget, in: 1...1 << 24)
    }

    /// Whether the model is to think; nil if the request does not say.
    var thinking: Bool? { effort.map { $0 != "none" && $0 != "minimal" } }
}
