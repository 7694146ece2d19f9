public import Models
import Tokens

extension Model {
    /// The plan of `request` for this model. Plans that choose layers by measurement run the calibration text.
    ///
    /// - Parameters:
    ///   - rule: replaces choices of the checkpoint's own rule.
    ///   - calibration: the text by which layers are chosen; nil for a built-in English text.
    /// - Throws: `PlanError`, with `noDraftModel` too; `GenerationError.noTokenizer` or `SessionError` if the text cannot be read.
    public func plan(
        for request: PlanRequest, rule: CycleRule.Overrides = CycleRule.Overrides(), calibration: String? = nil,
        options: SessionOptions
    ) throws -> any DecodePlan {
        guard case .measured(let make) = request.maker else { return try servedPlan(for: request, rule: rule) }
        let tokens = try requireTokenizer().encode(calibration ?? Self.calibrationText, addSpecial: true)
        return try make(stack, tokens, options)
    }

    /// The plan of `request` for this model, if no measurement is needed.
    ///
    /// - Throws: `PlanError`, with `needsMeasurement` and `noDraftModel`.
    package func servedPlan(
        for request: PlanRequest, rule: CycleRule.Overrides
    ) throws(PlanError) -> any DecodePlan {
        let plan = try configuration.plan(for: request, rule: rule)
        guard plan.drafting?.source != .model || draft != nil else { throw .noDraftModel }
        return plan
    }

    /// This model split into trunk and head after the first `trunkLayerCount` layers; nil for the model's own split.
    func split(after trunkLayerCount: Int?) -> Model {
        guard let trunkLayerCount, trunkLayerCount != configuration.trunkLayerCount else { return self }
        return with(stack.split(after: trunkLayerCount))
    }

    /// This model with the weights of some layers replaced.
    func replacing(layers: [Int: LayerWeights]) -> Model {
        layers.isEmpty ? self : with(stack.replacing(layers: stack.layers.enumerated().map { layers[$0] ?? $1 }))
    }

    /// Narrative, speech, numbers and code, written for this purpose.
    private static let calibrationText = """
        The harbour lay still when the first boats came in. Nobody had expected them before noon, and the women on the quay \
        put down their baskets to count the sails. "Eleven," said the oldest. "There were twelve." They waited. \
        By three o'clock the wind had turned, and the price of herring had fallen from 14 to 9 shillings a cran.

        To find the area of a circle, square the radius and multiply by pi: a radius of 3 gives about 28.27. If a train \
        covers 180 kilometres in 2 hours, its average speed is 90 kilometres an hour.

        def total(prices):
            result = 0
            for price in prices:
                result += price
            return result

        What is the capital of France? The capital of France is Paris, a city of some two million people on the Seine. \
        Which river runs through London? The Thames does.
        """
}
