public import Models

/// Speculative decoding (Leviathan et al., arXiv 2211.17192): a smaller model, or the text itself, drafts tokens, which one pass of the
/// model verifies. The text is vanilla's. The number of drafts follows how many were accepted.
public struct DraftedPlan: DecodePlan {
    /// The source of drafts.
    public enum Source: Sendable {
        /// The smaller model of `Model.drafted(by:)`.
        case model
        /// The text itself: the tokens after the last occurrence of its longest repeated suffix, prompt included.
        case text
    }

    /// Allowed maximum numbers of drafts per verification. The verifying pass has one row more.
    public static let draftCounts = SelfSpeculativePlan.draftCounts

    public let source: Source
    /// Maximum number of drafts per verification.
    public let draftCount: Int

    /// - Throws: `PlanError.draftsOutOfRange`.
    public init(_ source: Source, draftCount: Int? = nil) throws(PlanError) {
        let draftCount = draftCount ?? source.defaultCount
        guard Self.draftCounts.contains(draftCount) else {
            throw .draftsOutOfRange(plan: source.planName, draftCount)
        }
        (self.source, self.draftCount) = (source, draftCount)
    }

    public var name: String {
        source.planName + (draftCount == source.defaultCount ? "" : ":\(draftCount)")
    }
    public var drafting: Drafting? { Drafting(by: source == .model ? .model : .text, count: draftCount) }
    public var needsSplit: Bool { false }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
    public func warning(for configuration: ModelConfiguration) -> String? { VanillaPlan().warning(for: configuration) }
}

extension DraftedPlan.Source {
    /// The plan's name, as `--plan` spells it.
    var planName: String { self == .model ? "draft" : "ngram" }
    /// Drafts of the text itself cost no pass, so that more of them pay.
    fileprivate var defaultCount: Int { self == .model ? 6 : 15 }
}

extension PlanRequest {
    /// Drafts by a smaller model or the text itself; nil for the default maximum number.
    public static func drafted(_ source: DraftedPlan.Source, drafts: Int? = nil) -> PlanRequest {
        PlanRequest(source.planName + (drafts.map { ":\($0)" } ?? "")) { _, _ throws(PlanError) in
            try DraftedPlan(source, draftCount: drafts)
        }
    }

    /// Whether the request is for drafts of a smaller model or of the text, with any maximum number.
    package var isDrafted: Bool {
        [DraftedPlan.Source.model, .text].contains { description.split(separator: ":").first ?? "" == $0.planName }
    }
}

extension DraftedPlan {
    static let textKind = kind(
        .text, "up to D drafts at a time from the text itself, verified: the text is vanilla's")
    static let modelKind = kind(.model, "up to D drafts at a time by the model of --draft, verified")

    private static func kind(_ source: Source, _ help: String) -> PlanKind {
        PlanKind(source.planName, optional: "D", help: help) { argument throws(PlanError) in
            guard let argument else { return .drafted(source) }
            guard let count = Int(argument) else { throw .unreadableDrafts(plan: source.planName, argument) }
            return .drafted(source, drafts: try DraftedPlan(source, draftCount: count).draftCount)
        }
    }
}
