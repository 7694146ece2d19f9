import Decoding

/// A plan's name in reports and documents.
package struct PlanLabel: Sendable, Hashable {
    /// The plan's own name: `off`, `4`, `exit:20`.
    package let name: String
    /// Whether the plan is selected by `--mtd`.
    private let isFactor: Bool
    package let isVanilla: Bool

    package init(_ plan: any DecodePlan) {
        name = plan.name
        isFactor = plan.isFactor
        isVanilla = plan.isVanilla
    }

    /// The name for reports.
    package var title: String { isVanilla ? "vanilla" : isFactor ? "mtd \(name)" : name }

    /// `off` or a factor; `off` for all other plans.
    package var mtd: String { isFactor ? name : "off" }

    /// The name of a plan that is not a factor, else nil.
    package var ownName: String? { isFactor ? nil : name }

    /// The command-line option that selects the plan.
    package var option: String { (isFactor ? "--mtd " : "--plan ") + name }
}
