import Decoding
import Hummingbird
import JSON
import Models

extension ServedModel {
    /// - Throws: `APIError` if a request names no model, or another one.
    func check(name: String?) throws(APIError) {
        guard let name else { throw .invalid("model is missing; give \(quoted(self.name))", field: "model") }
        guard name == self.name else { throw unknownModel(name, field: "model") }
    }

    func unknownModel(_ other: String, field: String? = nil) -> APIError {
        APIError(
            status: .notFound, message: "there is no model \(quoted(other)) here; give \(quoted(name))", field: field,
            code: "model_not_found")
    }

    /// The plan that `mtd` names, `off` or a factor; the server's own for nil.
    func plan(mtd: String?) throws(APIError) -> any DecodePlan {
        guard let mtd else { return plan }
        let plan: any DecodePlan
        do {
            plan = try model.stack.configuration.plan(for: try PlanRequest(factor: mtd), rule: rule)
        } catch {
            throw .invalid("\(error)", field: "mtd")
        }
        guard plan.cycleLength <= limits.factor else {
            throw .invalid(
                "mtd is \(plan.cycleLength), and this server goes up to \(limits.factor); give less, or \"off\"",
                field: "mtd")
        }
        return plan
    }

    /// The generation options of a request, with the model's defaults for fields that it does not name.
    ///
    /// - Parameters:
    ///   - length: most tokens of the answer, if the request names a number.
    ///   - defaultLength: most tokens otherwise; the model's and the server's limit may be lower.
    func options(
        for request: AnswerRequest, length: Int?, defaultLength: Int, logprobCount: Int?
    ) throws(APIError) -> GenerationOptions {
        let defaults = model.generationDefaults
        var sampling = request.sampling.filled(from: defaults)
        // OpenAI's default, for models whose makers recommend none.
        sampling.temperature = sampling.temperature ?? 1
        let maximum = min(defaultLength, defaults.maximumTokens?.value ?? .max, limits.answerTokens)
        var options = GenerationOptions(
            maximumTokens: length ?? maximum, sampling: sampling, stops: request.stops,
            ignoresEnd: request.ignoresEnd, logprobCount: logprobCount)
        if length == nil { options.maximumLength = defaults.maximumLength?.value }
        do { try options.check() } catch { throw .invalid("\(error)") }
        return options
    }
}
