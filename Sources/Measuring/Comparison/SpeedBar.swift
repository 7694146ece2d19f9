import Foundation

/// A bar for a plan's speed, with a mark at vanilla's speed times what bytes allow (`speed-bars.mustache`).
struct SpeedBar {
    let plan: String
    /// A CSS width.
    let length: String
    /// A CSS offset; nil for vanilla and where the limit is not known.
    let limit: String?
    let speed: String

    /// - Parameter plans: tokens a second, and over vanilla the limit and the speedup; 0 where there is none.
    static func bars(
        _ plans: [(label: PlanLabel, speed: Double, limitOfSpeedup: Double?, speedup: Double)]
    ) -> [SpeedBar] {
        let vanilla = plans.first(where: \.label.isVanilla)?.speed
        let limits = plans.map { plan in vanilla.flatMap { speed in plan.limitOfSpeedup.map { speed * $0 } } }
        let longest = max((plans.map(\.speed) + limits.compactMap { $0 }).max() ?? 0, .leastNormalMagnitude)
        return zip(plans, limits).map { plan, limit in
            let isVanilla = plan.label.isVanilla
            let speedup = plan.speedup > 0 && !isVanilla ? String(format: ", %.2f×", plan.speedup) : ""
            return SpeedBar(
                plan: plan.label.title, length: percent(plan.speed / longest),
                limit: isVanilla ? nil : limit.map { percent($0 / longest) },
                speed: String(format: "%.0f tokens/s", plan.speed) + speedup)
        }
    }

    private static func percent(_ share: Double) -> String { String(format: "%.2f%%", 100 * min(max(share, 0), 1)) }
}
