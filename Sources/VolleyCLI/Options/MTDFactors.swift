import ArgumentParser
import Volley

/// `off` and factors, separated by commas.
struct MTDFactors: ExpressibleByArgument {
    let requests: [PlanRequest]

    static let all = MTDFactors(requests: [.vanilla] + [2, 3, 4, 6].map { .multiToken($0) })

    static let vanilla = MTDFactors(requests: [.vanilla])

    private init(requests: [PlanRequest]) { self.requests = requests }

    init?(argument: String) {
        let requests = argument.split(separator: ",", omittingEmptySubsequences: false)
            .compactMap { try? PlanRequest(factor: String($0)) }
        guard requests.count == argument.split(separator: ",", omittingEmptySubsequences: false).count else {
            return nil
        }
        self.requests = requests
    }

    func plans(for configuration: ModelConfiguration, rule: CycleRule.Overrides) throws -> [any DecodePlan] {
        try requests.map { try configuration.plan(for: $0, rule: rule) }
    }
}
