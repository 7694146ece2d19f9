import Decoding

/// A plan that a request may name, for people who choose among plans.
struct OfferedPlan: Encodable {
    /// The value of `plan` in a request.
    let plan: String
    /// The answer's `mtd`. Plans that the server runs in the same way share it.
    let name: String
    /// Whether the text is vanilla's.
    let isLossless: Bool
    /// Why the plan may give poor text with this model, in one sentence.
    let warning: Nullable<String>

    private enum CodingKeys: String, CodingKey {
        case plan, name
        case isLossless = "lossless"
        case warning
    }

    /// Nil if the server refuses the plan.
    init?(_ text: String, _ served: ServedModel) {
        guard let plan = try? served.plan(mtd: nil, plan: text) else { return nil }
        self.plan = text
        name = plan.name
        isLossless = plan.isVanilla || plan.drafting != nil
        warning = Nullable(plan.warning(for: served.model.configuration))
    }

    static let usual =
        ["off", "auto", "ngram", "draft", "verified:2", "verified:4", "verified:6"]
        + ["mtd:2", "mtd:3", "mtd:4", "mtd:6", "mtd:8", "adaptive:6"]
}
