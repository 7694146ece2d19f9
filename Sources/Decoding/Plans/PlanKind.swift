/// A kind of plan for `--plan`: its spelling, its line of help, and the parser of its argument.
package struct PlanKind: Sendable {
    /// The part before the colon.
    let name: String
    /// The name with its argument: `exit:N`.
    package let usage: String
    /// The range of the argument, if `usage` does not show it.
    let range: String
    /// A short description; nil for an alternative spelling, which lists leave out.
    package let help: String?
    fileprivate let request: @Sendable (_ argument: String?, _ text: String) throws(PlanError) -> PlanRequest

    /// A kind without an argument.
    init(_ name: String, help: String?, request: @escaping @Sendable () -> PlanRequest) {
        (self.name, usage, range, self.help) = (name, name, "", help)
        self.request = { argument, text throws(PlanError) in
            guard argument == nil else { throw .unknownPlan(text) }
            return request()
        }
    }

    /// - Parameters:
    ///   - argument: the placeholder of the argument in help.
    ///   - request: parses the argument; `text` is the whole value of `--plan`, for error messages.
    init(
        _ name: String, _ argument: String, range: String = "", help: String,
        request: @escaping @Sendable (_ argument: String, _ text: String) throws(PlanError) -> PlanRequest
    ) {
        (self.name, usage, self.range, self.help) = (name, "\(name):\(argument)", range, help)
        self.request = { argument, text throws(PlanError) in
            guard let argument else { throw .unknownPlan(text) }
            return try request(argument, text)
        }
    }

    /// A kind whose argument may be left out.
    ///
    /// - Parameter request: parses the argument, nil if there is none.
    init(
        _ name: String, optional argument: String, help: String,
        request: @escaping @Sendable (_ argument: String?) throws(PlanError) -> PlanRequest
    ) {
        (self.name, usage, range, self.help) = (name, "\(name)[:\(argument)]", "", help)
        self.request = { argument, _ throws(PlanError) in try request(argument) }
    }

    /// Parses a number of layers.
    static func layerCount(_ argument: String, of text: String) throws(PlanError) -> Int {
        guard let count = Int(argument), count >= 0 else { throw .unreadableLayers(text) }
        return count
    }
}

extension PlanKind {
    /// The catalogue of plans, for `--plan`, its help and its errors.
    package static let all: [PlanKind] =
        [VanillaPlan.kind, VanillaPlan.alias, MultiTokenPlan.kind, VerifiedPlan.kind, AdaptivePlan.kind]
        + RoutedPlan.kinds + [
            FixedLayersPlan.exitKind, FixedLayersPlan.shortGPTKind, FixedLayersPlan.lacoKind, SaturationPlan.kind,
            SelfSpeculativePlan.kind, DraftedPlan.textKind, DraftedPlan.modelKind,
            AutoPlan.kind,
        ]

    /// `off (vanilla), exit:N (the first N layers), …`
    package static var help: String {
        all.compactMap { kind in kind.help.map { "\(kind.usage) (\($0))" } }.joined(separator: ", ")
    }

    /// `off, mtd:N with N from 1 to 16, … or layerskip:N[:D]`
    static var list: String {
        let usages = all.filter { $0.help != nil }.map { $0.usage + $0.range }
        return usages.dropLast().joined(separator: ", ") + " or " + (usages.last ?? "")
    }
}

extension PlanRequest {
    /// Parses the argument of `--plan`: `NAME[:ARGUMENT]`.
    package init(plan text: String) throws(PlanError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = PlanKind.all.first(where: { $0.name == parts[0] }) else { throw .unknownPlan(text) }
        self = try kind.request(parts.dropFirst().first, text)
    }
}
