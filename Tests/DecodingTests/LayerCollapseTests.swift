import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// LaCo merges the right layers into the right weights.
struct LayerCollapseTests {
    static let models = ["qwen3-tied", "qwen3-untied-bf16-sharded", "llama-ropescaled"]
    private static let options = SessionOptions(threadCount: 2, kvFormat: .f32)

    struct Case: Decodable {
        let leftOut: Int
        let runs: [[Int]]
        let similarity: Double
        let logits: [Float]
        let tokens: [Int]

        enum CodingKeys: String, CodingKey {
            case runs, similarity, logits, tokens
            case leftOut = "left_out"
        }
    }

    private static func logits(_ model: Model, _ plan: any DecodePlan, _ tokens: [Int]) throws -> ([Float], DepthRecord)
    {
        let context = try LoneSequence(plan.model(from: model).stack, options: options)
        try context.begin(tokens, plan: plan)
        context.run()
        return (Array(context.logits), context.depths)
    }

    @Test("the merged layers and their model are those of PyTorch", arguments: models)
    func goldens(name: String) throws {
        let model = try Model(path: Goldens.url("dmtd/\(name)").path)
        for golden in try #require(try Goldens.decode([String: [Case]].self, "laco/cases.json")[name]) {
            let collapse = try LayerCollapse(
                of: model.stack, leavingOut: golden.leftOut, on: golden.tokens, options: Self.options)
            #expect(collapse.runs.map { [$0.lowerBound, $0.upperBound] } == golden.runs)
            #expect(abs(collapse.similarity - golden.similarity) < 1e-5)
            let plan = FixedLayersPlan.laco(collapse)
            #expect(plan.name == "laco:\(golden.leftOut)")
            let (logits, depths) = try Self.logits(model, plan, golden.tokens)
            #expect(largestDifference(logits.prefix(16), golden.logits) < 1e-3)
            let left = model.configuration.layerCount - golden.leftOut
            #expect(depths.layersUsed.allSatisfy { $0 == Double(left) })
        }
    }

    @Test("decoding equals recomputation in every weight format", arguments: StorageFormat.allCases)
    func formats(_ format: StorageFormat) throws {
        let stack = try SyntheticModel.holding(format).build()
        let tokens = randomTokens(40, below: 160, seed: 2)
        let collapse = try LayerCollapse(of: stack, leavingOut: 4, on: tokens, options: RoutedTests.options)
        let plan = FixedLayersPlan.laco(collapse)
        let model = stack.replacing(layers: stack.layers.enumerated().map { collapse.collapsed[$0] ?? $1 })
        let written = Quantizer.formats.contains(format) ? format : .q8_0
        #expect(collapse.collapsed.values.allSatisfy { Set($0.matrices.flatMap(\.formats)) == [written] })
        let (logits, depths) = try RoutedTests.decoded(model, plan)
        #expect(try (logits == RoutedTests.whole(model, plan).logits))
        #expect(logits.allSatisfy(\.isFinite) && depths.layersUsed.allSatisfy { $0 == 7 })
    }

    @Test("leaving out no layer gives the model itself; more layers than runs can leave out are refused")
    func ends() throws {
        let stack = try SyntheticModel(layers: 9, headLayers: 2).build()
        let tokens = randomTokens(20, below: 160, seed: 2)
        func collapse(_ count: Int) throws -> LayerCollapse {
            try LayerCollapse(of: stack, leavingOut: count, on: tokens, options: RoutedTests.options)
        }
        let none = try collapse(0)
        #expect(none.runs.isEmpty && none.collapsed.isEmpty && none.similarity == 1)
        #expect(
            try
                (RoutedTests.decoded(stack, FixedLayersPlan.laco(none)).logits
                == RoutedTests.decoded(stack, .vanilla).logits))
        #expect(try collapse(6).runs.map(\.count) == [4, 4])
        #expect(throws: PlanError.layersOutOfRange(plan: "laco", count: 7, range: 0...6)) { try collapse(7) }
        let short = try SyntheticModel(layers: 3, headLayers: 3).build()
        #expect(
            try LayerCollapse(of: short, leavingOut: 2, on: tokens, options: RoutedTests.options).runs == [0..<3])
    }

    @Test("quantised weights that would not be finite are refused")
    func notFinite() throws {
        let stack = try SyntheticModel(layers: 4, headLayers: 4, format: .q8_0).build()
        let rows = stack.layers[0].feedForward.matrices[1]
        let values = AlignedBuffer<Float>(count: rows.rows * rows.columns)
        values.pointer[7] = .nan
        let damaged = Linear([
            Matrix(
                rows: rows.rows, columns: rows.columns, format: .f32, bytes: UnsafeRawPointer(values.pointer),
                owner: values)
        ])
        #expect(throws: ConversionError.notFinite) { try Linear.collapsed(rows, [damaged]) }
    }
}
