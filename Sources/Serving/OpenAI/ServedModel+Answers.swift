import Decoding
import Hummingbird
import JSON
import Models

extension ServedModel {
    /// - Throws: `APIError` if a request names no model, or another one.
    func check(name: String?) throws(APIError) {
        guard let name else { throw .invalid("model is missing; give \(quoted(self.name))", field: "model") }
        guard isName(name) else { throw unknownModel(name, field: "model") }
    }

    /// Whether a request means this model: by its name with or without owner, ending and tag, or by none.
    func isName(_ other: String) -> Bool {
        func plain(_ name: String) -> String {
            let last = (name.split(separator: "/").last ?? "").lowercased()
            let untagged = last.hasSuffix(":latest") ? last.dropLast(7) : last[...]
            return String(untagged.hasSuffix(".gguf") ? untagged.dropLast(5) : untagged)
        }
        return other.isEmpty || plain(other) == plain(name)
    }

    func unknownModel(_ other: String, field: String? = nil) -> APIError {
        APIError(
            status: .notFound, message: "there is no model \(quoted(other)) here; give \(quoted(name))", field: field,
            code: "model_not_found")
    }

    /// The plan that a request names, by `mtd` (`off` or a factor) or by `plan`; the server's own if it names none.
    func plan(mtd: String?, plan name: String?) throws(APIError) -> any DecodePlan {
        guard mtd == nil || name == nil else { throw .invalid("give mtd or plan, not both", field: "plan") }
        guard let text = mtd ?? name else { return plan }
        let field = mtd == nil ? "plan" : "mtd"
        let plan: any DecodePlan
        do {
            let request = mtd == nil ? try PlanRequest(plan: text) : try PlanRequest(factor: text)
            plan = try model.servedPlan(for: request, rule: rule).shared(in: model)
        } catch {
            throw .invalid("\(error)", field: field)
        }
        if let error = PlanSharingError(plan, model) { throw .invalid("\(error)", field: field) }
        guard plan.longestCycle <= limits.factor else {
            throw .invalid(
                "\(field) asks for cycles of \(plan.longestCycle) tokens, and this server goes up to \(limits.factor); give less, "
                    + "or \"off\"", field: field)
        }
        return plan
    }

    /// The generation options of a request, with the model's defaults for fields that it does not name.
    ///
    /// - Parameters:
    ///   - length: what the request says; never more than the server's limit.
    ///   - defaultLength: most tokens otherwise; the model's and the server's limit may be lower.
    func options(
        for request: AnswerRequest, length: AnswerLength, defaultLength: Int, logprobCount: Int?
    ) throws(APIError) -> GenerationOptions {
        let defaults = model.generationDefaults
        var sampling = request.sampling.filled(from: defaults)
        // OpenAI's default, for models whose makers recommend none.
        sampling.temperature = sampling.temperature ?? 1
        let maximum =
            switch length {
            case .unnamed: min(defaultLength, defaults.maximumTokens?.value ?? .max)
            case .rest: Int.max
            case .tokens(let count): count
            }
        var options = GenerationOptions(
            maximumTokens: min(maximum, limits.answerTokens), sampling: sampling, stops: request.stops,
            ignoresEnd: request.ignoresEnd, logprobCount: logprobCount, verifyRule: verifyRule,
            isMetered: isMetered && request.plan.canBeMetered, constraint: request.constraint)
        if length == .unnamed { options.maximumLength = defaults.maximumLength?.value }
        do {
            try options.check()
            // Prepared here, not on the engine's thread; the engine finds it.
            _ = try options.constraint.map(model.tokenConstraint)
        } catch {
            throw .invalid("\(error)")
        }
        return options
    }
}
