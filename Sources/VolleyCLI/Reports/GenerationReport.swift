import Foundation
import Measuring
import Volley

/// The JSON document of `generate --json`; its fields are a stable contract.
struct GenerationReport: Encodable {
    let model: String
    let mtd: Factor
    /// The name of a plan that is not a factor.
    let plan: String?
    let promptTokens: [Int]
    let tokens: [Int]
    let text: String
    let finishReason: FinishReason
    let logprobs: [[Logprob]]?
    /// Vanilla's choice in place of each token; absent unless metered.
    let vanillaChoice: [Int]?
    /// Drafts, and how many of them became tokens, by place; absent for plans that draft nothing.
    let drafts: Drafts?
    /// The number of layers that each position ran; absent if the plan skips none.
    let layersUsed: [Double]?
    /// The sampling parameters: values by name, and the origin of each.
    let sampling: SamplingDocument
    let stats: Stats

    init(
        loaded: LoadedModel, plan: any DecodePlan, prompt: [Int], record: GenerationRecord, generator: Generator,
        sampling: SamplingSummary
    ) {
        model = loaded.model.name
        mtd = Factor(plan: plan)
        self.plan = PlanLabel(plan).ownName
        promptTokens = prompt
        tokens = record.tokens.map(\.id)
        text = record.text
        finishReason = generator.finishReason ?? .cancelled
        let lists = record.tokens.map { $0.logprobs.map { Logprob(id: $0.id, logprob: $0.logprob) } }
        let counts = generator.statistics.drafts
        drafts = counts.draftedTotal > 0 ? Drafts(counts) : nil
        vanillaChoice = generator.statistics.agreement?.choices
        logprobs = lists.contains { !$0.isEmpty } ? lists : nil
        layersUsed = plan.skipsLayers ? generator.depths.layersUsed : nil
        self.sampling = SamplingDocument(sampling)
        stats = Stats(generator.statistics, loadSeconds: loaded.seconds)
    }

    func json() throws -> String { try jsonDocument() }

    struct Logprob: Encodable {
        let id: Int
        let logprob: Float
    }

    /// The factor as a number, or "off".
    struct Factor: Encodable {
        let plan: any DecodePlan

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if plan.isFactor, !plan.isVanilla {
                try container.encode(plan.cycleLength)
            } else {
                try container.encode("off")
            }
        }
    }

    struct Drafts: Encodable {
        let drafted: [Int]
        let accepted: [Int]

        init(_ counts: DraftCounts) { (drafted, accepted) = (counts.drafted, counts.accepted) }
    }

    struct Stats: Encodable {
        let prefillTokens: Int
        let prefillSeconds: Double
        let decodeTokens: Int
        let decodeSeconds: Double
        let tokensPerSecond: Double
        let trunkPasses: Int
        let headPasses: Int
        /// Decoded tokens per trunk pass.
        let tokensPerTrunkPass: Double
        /// The share of tokens that vanilla would have chosen; absent unless metered.
        let agreement: Double?
        let kvBytes: Int
        let peakRssBytes: Int
        let loadSeconds: Double
        /// The seed that repeats the text (`--seed`); nil for greedy decoding.
        let seed: UInt64?

        init(_ statistics: GenerationStatistics, loadSeconds: Double) {
            prefillTokens = statistics.prefillTokens
            prefillSeconds = statistics.prefillSeconds
            decodeTokens = statistics.decodeTokens
            decodeSeconds = statistics.decodeSeconds
            tokensPerSecond = statistics.tokensPerSecond
            trunkPasses = statistics.passes.trunkPasses
            headPasses = statistics.passes.headPasses
            tokensPerTrunkPass = statistics.tokensPerTrunkPass
            agreement = statistics.agreement?.share
            kvBytes = statistics.kvByteCount
            peakRssBytes = peakResidentBytes()
            self.loadSeconds = loadSeconds
            seed = statistics.seed
        }
    }
}
