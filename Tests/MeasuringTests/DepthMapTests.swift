import Decoding
import Foundation
import Measuring
import Models
import Tensors
import TestSupport
import Testing

/// Depth maps: the layers that each token ran.
struct DepthMapTests {
    static func map(maximumTokens: Int = 12) throws -> DepthMap {
        let model = try Model(path: Goldens.url("flexidepth").path)
        let plan = try model.stack.configuration.plan(for: .automatic)
        return try DepthMap(
            of: model, plan: plan, prompt: [5, 6, 7, 8, 9, 10], maximumTokens: maximumTokens,
            options: SessionOptions(threadCount: 1))
    }

    @Test("every token of prompt and answer has run its layers, the last one included")
    func tokens() throws {
        let map = try Self.map()
        #expect(map.tokens.count == 6 + 12)
        #expect(map.tokens.count(where: \.isPrompt) == 6)
        #expect(map.depths.positionCount == map.tokens.count)
        #expect(map.tokens.allSatisfy { (4...8).contains($0.layersUsed) })
        #expect(map.usage.prefix(4).allSatisfy { $0 == 1 })
        let used = map.tokens.map(\.layersUsed).reduce(0, +)
        #expect(abs(map.usage.reduce(0, +) * Double(map.tokens.count) - used) < 1e-9)
        #expect(map.tokens.map { map.shade(of: $0) }.min() == 0)
        #expect(map.tokens.map { map.shade(of: $0) }.max() == 1)
        #expect(try Self.map(maximumTokens: 0).tokens.count == 6)
    }

    @Test("attention or feed-forward alone is half a layer, in the legend, on the page and in the document")
    func halves() throws {
        let model = try Model(path: Goldens.url("mindskip").path)
        let map = try DepthMap(
            of: model, plan: .mindSkip, prompt: [5, 6, 7, 8, 9, 10], maximumTokens: 12,
            options: SessionOptions(threadCount: 1))
        #expect(map.hasHalves && map.steps.count > 1)
        #expect(zip(map.steps, map.steps.dropFirst()).allSatisfy { $1 - $0 == 0.5 })
        #expect(map.tokens.allSatisfy { map.steps.contains($0.layersUsed) })
        #expect(DepthPage(map).html.contains("opacity=\"0.5\""))
        struct Document: Decodable {
            let tokens: [Token]
            struct Token: Decodable {
                let layersUsed: Double
                let shares: [Double]?
            }
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let document = try decoder.decode(Document.self, from: Data(DepthDocument(map).json().utf8))
        #expect(document.tokens.allSatisfy { $0.shares?.reduce(0, +) == $0.layersUsed })
        #expect(try !DepthDocument(Self.map()).json().contains("shares"))
    }

    @Test("mean and variance are right")
    func summary() {
        #expect(DepthSummary([6, 8, 8, 6]) == DepthSummary([8, 6, 6, 8]))
        #expect((DepthSummary([6, 8, 8, 6]).mean, DepthSummary([6, 8, 8, 6]).variance) == (7, 1))
        #expect(DepthSummary([]).mean == 0)
    }

    @Test("colours get darker with every step, and text on them is always readable")
    func colours() {
        let shades = stride(from: 0.0, through: 1, by: 0.05).map { BlueScale.colour($0) }
        for (light, dark) in zip(shades, shades.dropFirst()) {
            #expect(light.red + light.green + light.blue > dark.red + dark.green + dark.blue)
        }
        #expect(BlueScale.takesDarkText(0) && !BlueScale.takesDarkText(1))
        #expect(BlueScale.colour(0).hexadecimal == "#e2eefa")
        #expect(BlueScale.code(0) != BlueScale.code(1))
    }

    @Test("the page is self-contained and shows every token and layer")
    func page() throws {
        let map = try Self.map()
        let page = DepthPage(map).html
        #expect(!page.contains("http"))
        #expect(page.components(separatedBy: " layers\">").count - 1 == map.tokens.count)
        #expect(page.contains("layer 7</text>"))
        let drawn = page.components(separatedBy: "width=\"11\"").count - 1
        #expect(Double(drawn) == map.tokens.map(\.layersUsed).reduce(0, +))
    }

    @Test("with forced gates bytes fall with the number of layers, and the tokens are right")
    func forcedGates() throws {
        let model = try LayerStack.random(#require(ModelShape("smollm2-135m")), format: .q8_0)
        var options = SpeedBench.Options()
        (options.decodeTokens, options.repeats) = (4, 1)
        let bench = try DepthBench(
            of: model, rates: [0, 0.5, 1], routed: 10, options: options,
            sessionOptions: SessionOptions(threadCount: 2), isCancelled: { false })
        #expect(bench.costs.map(\.skipped) == [0, 5, 10])
        #expect(bench.costs.map(\.layersUsed) == [30, 25, 20])
        #expect(bench.costs[0].predictedSaving < 0 && bench.costs[0].kept == nil)
        #expect(bench.costs[1].predictedSaving < bench.costs[2].predictedSaving)
        #expect(bench.costs.allSatisfy { $0.speed.median > 0 })
    }
}
