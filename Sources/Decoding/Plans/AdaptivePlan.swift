public import Models

/// Multi-token decoding with cycles of varying length: a cycle goes on while the head is sure of its tokens. The token after one
/// that it is not sure of begins the next cycle, with the trunk.
public struct AdaptivePlan: DecodePlan {
    /// The maximum lengths of a cycle that the engine runs.
    public static let lengths = 2...MultiTokenPlan.factors.upperBound

    /// The defaults of `--plan adaptive:N` (weights/README.md has the measurements).
    public static let defaultSignal = CycleEnd.Signal.probability
    public static let defaultThreshold: Float = 0.9

    public let end: CycleEnd
    /// The inputs of trunk and head. Cycles begin at the prompt's end.
    public let rule: CycleRule
    public let layers: LayerChoice

    /// - Parameter layers: the layers that a token runs, in refills and head passes.
    /// - Throws: `PlanError.adaptiveLengthOutOfRange`, `PlanError.threshold`, or `PlanError.adaptiveRule` for a rule in absolute
    ///   phase or with shadow history, where cycles have fixed places.
    public init(_ end: CycleEnd, rule: CycleRule = .prompt, layers: LayerChoice = .all) throws(PlanError) {
        guard Self.lengths.contains(end.maximum) else { throw .adaptiveLengthOutOfRange(end.maximum) }
        guard (0...1).contains(end.threshold) else { throw .threshold("\(end.threshold)") }
        guard rule.phase == .prompt, rule.history == .real else { throw .adaptiveRule(rule) }
        (self.end, self.rule, self.layers) = (end, rule, layers)
    }

    /// By default, the signal and threshold of `--plan adaptive:N`.
    ///
    /// - Throws: the errors of `init(_:rule:)`.
    public init(
        maximum: Int, threshold: Float = defaultThreshold, rule: CycleRule = .prompt
    ) throws(PlanError) {
        try self.init(CycleEnd(maximum: maximum, signal: Self.defaultSignal, threshold: threshold), rule: rule)
    }

    public var name: String { Self.name(end) }
    public var cycleEnd: CycleEnd? { end }
    public var refreshesHead: Bool { rule.headHistory == .refreshed }
    public var needsSplit: Bool { true }
    // The tokens of a refill share the reading of a layer; how many do is not counted.
    public var byteCost: ByteCost { skipsLayers ? .unknown : .passes(drafting: nil) }

    public func headInput(at position: Int, promptCount: Int) -> HeadInput {
        headInput(at: position, in: TextLayout(promptCount: promptCount, tokenCount: position + 1))
    }

    public func headInput(at position: Int, in text: TextLayout) -> HeadInput {
        if position < text.promptCount { return rule.inputOfPrompt ?? .trunk }
        if refreshesHead, let last = text.cycleStart(of: text.tokenCount - 1), position <= last { return .trunk }
        return text.cycleStart(of: position) == position ? rule.firstInput : .embedding
    }

    public func cycleIndex(of position: Int, promptCount: Int) -> Int? { position < promptCount ? nil : 0 }

    public func cycleIndex(of position: Int, in text: TextLayout) -> Int? {
        position < text.promptCount ? nil : text.cycleStart(of: position).map { position - $0 } ?? 0
    }

    fileprivate static func name(_ end: CycleEnd) -> String {
        "adaptive:\(end.maximum):\(end.threshold)" + (end.signal == defaultSignal ? "" : ":\(end.signal.rawValue)")
    }

    public func warning(for configuration: ModelConfiguration) -> String? {
        (try? MultiTokenPlan(factor: min(end.maximum, configuration.trainedFactor ?? end.maximum), rule: rule))?
            .warning(for: configuration)
    }
}

extension PlanRequest {
    /// Cycles that go on while the head is sure.
    public static func adaptive(_ end: CycleEnd) -> PlanRequest {
        PlanRequest(AdaptivePlan.name(end)) { configuration, rule throws(PlanError) in
            guard configuration.trunkLayerCount > 0 else { throw .noTrunk(layerCount: configuration.layerCount) }
            return try AdaptivePlan(end, rule: rule, layers: configuration.routing == nil ? .all : .routed)
        }
    }
}

extension AdaptivePlan {
    static let kind = PlanKind(
        "adaptive", "N[:T[:SIGNAL]]", range: " with N from 2 to 16",
        help: """
            cycles of up to N tokens that end after a token of probability below T, by default \(defaultThreshold); SIGNAL may be \
            margin or entropy instead
            """
    ) { argument, text throws(PlanError) in
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 3 else { throw .unknownPlan(text) }
        guard let maximum = Int(parts[0]) else { throw .unreadableFactor(parts[0]) }
        let threshold = parts.count > 1 ? Float(parts[1]) : defaultThreshold
        guard let threshold else { throw .threshold(parts[1]) }
        let signal = parts.count > 2 ? CycleEnd.Signal(rawValue: parts[2]) : defaultSignal
        guard let signal else { throw .unknownPlan(text) }
        return .adaptive(try AdaptivePlan(CycleEnd(maximum: maximum, signal: signal, threshold: threshold)).end)
    }
}
