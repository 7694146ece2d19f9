import Decoding

/// What a plan is called where people and programs read of what it did.
package struct PlanLabel: Sendable, Hashable {
    /// As the plan spells itself: `off`, `4`, `exit:20`.
    package let name: String
    /// Whether `--mtd` can ask for it.
    private let isFactor: Bool
    package let isVanilla: Bool

    package init(_ plan: any DecodePlan) {
        name = plan.name
        isFactor = plan.isFactor
        isVanilla = plan.isVanilla
    }

    /// For a person.
    package var title: String { isVanilla ? "vanilla" : isFactor ? "mtd \(name)" : name }

    /// `off` or a factor; `off` of plans that have neither.
    package var mtd: String { isFactor ? name : "off" }

    /// Of plans other than a factor.
    package var ownName: String? { isFactor ? nil : name }

    /// As a command line asks for it.
    package var option: String { (isFactor ? "--mtd " : "--plan ") + name }
}
