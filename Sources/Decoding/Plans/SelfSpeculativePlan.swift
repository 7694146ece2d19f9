public import Models

/// LayerSkip's self-speculative decoding (arXiv 2404.16710): the first layers, with the final norm and `lm_head`, draft tokens;
/// the other layers verify them in one pass. The output is that of the whole model.
public struct SelfSpeculativePlan: DecodePlan {
    /// Allowed numbers of drafts per verification. The verifying pass has one row more.
    public static let draftCounts = 1...15

    public static let defaultDraftCount = 4

    /// The number of layers that draft.
    public let exitLayer: Int
    /// The maximum number of drafts per verification.
    public let draftCount: Int

    /// - Throws: `PlanError.layersOutOfRange` if either part would have no layer, `PlanError.draftsOutOfRange`.
    public init(exitLayer: Int, draftCount: Int = defaultDraftCount, of model: ModelConfiguration) throws(PlanError) {
        guard (1..<model.layerCount).contains(exitLayer) else {
            throw .layersOutOfRange(plan: "layerskip", count: exitLayer, range: 1...max(1, model.layerCount - 1))
        }
        guard Self.draftCounts.contains(draftCount) else { throw .draftsOutOfRange(plan: "layerskip", draftCount) }
        self.exitLayer = exitLayer
        self.draftCount = draftCount
    }

    public var name: String { "layerskip:\(exitLayer):\(draftCount)" }
    public var drafting: Drafting? { Drafting(by: .trunk, count: draftCount) }
    public var trunkLayerCount: Int? { exitLayer }
    public var needsSplit: Bool { true }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
}

extension PlanRequest {
    /// LayerSkip's self-speculative decoding; nil for the default number of drafts.
    public static func layerSkip(exit: Int, drafts: Int?) -> PlanRequest {
        PlanRequest("layerskip:\(exit)" + (drafts.map { ":\($0)" } ?? "")) { configuration, _ throws(PlanError) in
            try SelfSpeculativePlan(
                exitLayer: exit, draftCount: drafts ?? SelfSpeculativePlan.defaultDraftCount, of: configuration)
        }
    }
}

extension SelfSpeculativePlan {
    static let kind = PlanKind(
        "layerskip", "N[:D]", help: "the first N layers draft D tokens, the others verify them"
    ) { argument, text throws(PlanError) in
        let counts = try argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            .map { part throws(PlanError) in try PlanKind.layerCount(String(part), of: text) }
        return .layerSkip(exit: counts[0], drafts: counts.dropFirst().first)
    }
}
