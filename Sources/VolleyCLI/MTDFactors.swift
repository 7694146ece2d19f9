import ArgumentParser
import Volley

/// `off` and factors, separated by commas.
struct MTDFactors: ExpressibleByArgument {
    private let requests: [PlanRequest]

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

    /// These, and vanilla where it is not among them.
    var includingVanilla: MTDFactors {
        requests.contains(where: \.isVanilla) ? self : MTDFactors(requests: [.vanilla] + requests)
    }

    var defaultValueDescription: String { "off,2,3,4,6" }

    /// The plans with the names they are shown by.
    func plans(for configuration: ModelConfiguration) throws -> [(name: String, plan: any DecodePlan)] {
        try requests.map { request in
            let plan = try configuration.plan(for: request)
            return (name: plan.name, plan: plan)
        }
    }
}
