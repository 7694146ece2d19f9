import Decoding
import Measuring
import Models
import TestSupport
import Testing

struct ComparisonPageTests {
    private static func page(_ prompts: [String], processor: String = "cpu") throws -> String {
        let model = try Model(path: Goldens.embedded)
        let models = try ComparedModels(model)
        let options = SessionOptions(threadCount: 2)
        let comparer = try Comparer(
            models, plans: [.vanilla, try .multiToken(4)], options: options, maximumTokens: 12)
        let comparisons = try prompts.map { try comparer.compare($0, rounds: 1, isCancelled: { false }) }
        let setting = ComparisonSetting(
            models, kvFormat: options.kvFormat, processor: processor, instructionSet: "avx2", threads: 2, rounds: 1,
            version: "9")
        return ComparisonPage(comparisons, summary: ComparisonSummary(comparisons), setting: setting).html
    }

    @Test("a page has every part: legend, bars, answers, tables, timelines, and a summary of several prompts")
    func parts() throws {
        let one = try Self.page(["Sort this list: 41 65 52 87 78"])
        for part in [
            "<title>volley-5m: vanilla, mtd 4</title>", "<style>\n:root{", ".p7{background:hsl(260 75%",
            "<span class=\"p3\">3</span>", "<div class=\"bars\">", " tokens/s, ", "title=\"byte limit\"",
            "<h3>mtd 4</h3>", "<th>perplexity</th>", "<rect class=\"trunk\" x=\"64.0\" y=\"3\"",
            "<rect class=\"head p1\"", "decoded tokens: ", "medians of 1 interleaved round.",
            "2 threads, avx2 kernels", "volley 9</p>",
        ] { #expect(one.contains(part), "\(part)") }
        #expect(!one.contains("All 1 prompts") && !one.contains("{{"))
        let two = try Self.page(["What is 3 + 4?", "What is 5 + 4?"])
        #expect(two.contains("<h2>All 2 prompts</h2>") && two.contains("<th>same answers</th>"))
    }

    @Test("nothing that a page is given can become markup, nor can a quote that a combining mark follows")
    func escaping() throws {
        let page = try Self.page(["</h2><script>"], processor: "<i>\"\u{338}&")
        #expect(page.contains("<h2>&lt;/h2&gt;&lt;script&gt;</h2>"))
        #expect(page.contains("&lt;i&gt;&quot;\u{338}&amp;, 2 threads"))
    }
}
