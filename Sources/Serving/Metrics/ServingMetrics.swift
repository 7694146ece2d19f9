import Decoding
import NIOConcurrencyHelpers

/// Counters and gauges for `/metrics`. Any thread may use it.
package final class ServingMetrics: Sendable {
    /// How a job ended.
    package enum End: String, CaseIterable, Sendable {
        case finished, cancelled, failed
    }

    private struct State {
        var waiting = 0
        var reading = 0
        var decoding = 0
        var kvByteCount = 0
        var promptTokens = 0
        var reusedTokens = 0
        var generatedTokens = 0
        var passes = PassCounts()
        var drafts = DraftCounts()
        var meteredTokens = 0
        var agreeingTokens = 0
        var ends: [End: Int] = [:]
        var refusals: [Int: Int] = [:]
        var firstToken = Histogram(bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
        var nextToken = Histogram(bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])
    }

    // NIO's lock, for the reason given in `AdmissionQueue`.
    private let state = NIOLockedValueBox(State())

    package init() {}

    func setLoad(waiting: Int, reading: Int, decoding: Int, kvByteCount: Int) {
        state.withLockedValue {
            ($0.waiting, $0.reading, $0.decoding, $0.kvByteCount) = (waiting, reading, decoding, kvByteCount)
        }
    }

    func countPrompt(readTokens: Int, reusedTokens: Int) {
        state.withLockedValue {
            $0.promptTokens += readTokens
            $0.reusedTokens += reusedTokens
        }
    }

    func countPasses(_ passes: PassCounts) { state.withLockedValue { $0.passes += passes } }

    /// Counts the drafts of a generation that has ended, and how often vanilla would have chosen its tokens.
    func countVerified(_ statistics: GenerationStatistics) {
        state.withLockedValue {
            $0.drafts += statistics.drafts
            $0.meteredTokens += statistics.agreement?.total ?? 0
            $0.agreeingTokens += statistics.agreement?.agreeing ?? 0
        }
    }

    func countToken(seconds: Double, isFirst: Bool) {
        state.withLockedValue {
            $0.generatedTokens += 1
            if isFirst { $0.firstToken.add(seconds) } else { $0.nextToken.add(seconds) }
        }
    }

    func countEnd(_ end: End) { state.withLockedValue { $0.ends[end, default: 0] += 1 } }

    /// Counts a request that was answered with an error.
    func countRefusal(status: Int) { state.withLockedValue { $0.refusals[status, default: 0] += 1 } }

    /// All metrics in Prometheus' text format, version 0.0.4.
    package var text: String {
        let now = state.withLockedValue { $0 }
        var text = ""
        func add(_ name: String, _ type: String, _ help: String, _ values: [(labels: String, value: Int)]) {
            text += "# HELP volley_\(name) \(help)\n# TYPE volley_\(name) \(type)\n"
            for (labels, value) in values { text += "volley_\(name)\(labels) \(value)\n" }
        }
        add("queue_jobs", "gauge", "Sequences that wait for a place in the batch.", [("", now.waiting)])
        add("reading_jobs", "gauge", "Sequences whose prompts are being read.", [("", now.reading)])
        add("batch_jobs", "gauge", "Sequences that are being decoded.", [("", now.decoding)])
        add("kv_bytes", "gauge", "Bytes of keys and values set aside for sequences under way.", [("", now.kvByteCount)])
        add("prompt_tokens_total", "counter", "Prompt tokens read.", [("", now.promptTokens)])
        add(
            "reused_tokens_total", "counter", "Prompt tokens that an earlier request had read.",
            [("", now.reusedTokens)])
        add("generated_tokens_total", "counter", "Tokens given out.", [("", now.generatedTokens)])
        add(
            "passes_total", "counter", "Passes of decoding; rows divided by passes is how full they are.",
            [("{part=\"trunk\"}", now.passes.trunkPasses), ("{part=\"head\"}", now.passes.headPasses)])
        add(
            "pass_rows_total", "counter", "Rows of those passes; head rows by trunk passes is how full a cycle is.",
            [("{part=\"trunk\"}", now.passes.trunkRows), ("{part=\"head\"}", now.passes.headRows)])
        func byPlace(_ counts: [Int]) -> [(labels: String, value: Int)] {
            counts.enumerated().map { ("{place=\"\($0 + 1)\"}", $1) }
        }
        add(
            "drafted_tokens_total", "counter", "Drafted tokens by place after a token of the model's own.",
            byPlace(now.drafts.drafted))
        add(
            "accepted_tokens_total", "counter", "Drafted tokens that the model chose, by place.",
            byPlace(now.drafts.accepted))
        add(
            "metered_tokens_total", "counter", "Tokens compared with vanilla's choice (--meter).",
            [("", now.meteredTokens)])
        add(
            "agreeing_tokens_total", "counter", "Metered tokens that vanilla would have chosen.",
            [("", now.agreeingTokens)])
        add(
            "jobs_total", "counter", "Sequences by how they ended.",
            End.allCases.map { ("{end=\"\($0.rawValue)\"}", now.ends[$0] ?? 0) })
        add(
            "refused_requests_total", "counter", "Requests answered with an error, by HTTP status.",
            now.refusals.sorted { $0.key < $1.key }.map { ("{status=\"\($0.key)\"}", $0.value) })
        text += now.firstToken.text(
            "volley_first_token_seconds", help: "From a request's arrival to its first token.")
        text += now.nextToken.text("volley_next_token_seconds", help: "Between two tokens of a sequence.")
        return text
    }
}
