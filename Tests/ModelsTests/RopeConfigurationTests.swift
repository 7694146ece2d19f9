import JSON
import Models
import Testing
import Weights

/// Frequencies, as transformers computes them.
@Suite struct RopeConfigurationTests {
    /// Recorded from the formulas of transformers' modeling_rope_utils.py, in numpy float32.
    @Test func plainFrequencies() {
        let frequencies = RopeConfiguration(theta: 10000, scaling: .none, headWidth: 8).inverseFrequencies()
        expectClose(frequencies, [1, 0.1, 0.01, 0.001])
    }

    @Test func linearScalingDividesAll() {
        let rope = RopeConfiguration(theta: 10000, scaling: .linear(factor: 4), headWidth: 8)
        expectClose(rope.inverseFrequencies(), [0.25, 0.025, 0.0025, 0.00025])
    }

    @Test func llama3ScalingKeepsHighDividesLowAndBlendsBetween() {
        let scaling = RopeConfiguration.Scaling.llama3(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 64)
        let rope = RopeConfiguration(theta: 500000, scaling: scaling, headWidth: 16)
        expectClose(
            rope.inverseFrequencies(),
            [
                1.0, 0.07940301, 0.004700754, 0.00091158313, 0.00017677668, 3.4281024e-05, 6.6478706e-06, 1.2891732e-06,
            ])
    }

    @Test func factorsOfAGGUFFileDivide() {
        let rope = RopeConfiguration(theta: 10000, scaling: .none, headWidth: 8)
        expectClose(rope.inverseFrequencies(factors: [1, 2, 4, 8]), [1, 0.05, 0.0025, 0.000125])
    }

    @Test func bothFormsOfTheFieldsAreRead() throws {
        let older: JSONObject = [
            "rope_theta": .int(500000),
            "rope_scaling": .object([
                "rope_type": "llama3", "factor": .double(32), "low_freq_factor": .double(1),
                "high_freq_factor": .int(4), "original_max_position_embeddings": .int(8192),
            ]),
        ]
        var parameters = older["rope_scaling"]?.objectValue ?? [:]
        parameters["rope_theta"] = .int(500000)
        let expected = RopeConfiguration(
            theta: 500000,
            scaling: .llama3(
                factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192), headWidth: 64)
        #expect(try rope(older) == expected)
        #expect(try rope(["rope_parameters": .object(parameters)]) == expected)
        let plain = RopeConfiguration(theta: 7, scaling: .none, headWidth: 64)
        #expect(try rope(["rope_parameters": .object(["rope_type": "default", "rope_theta": .int(7)])]) == plain)
        #expect(try rope(["rope_theta": .int(7), "rope_scaling": .object(["type": "default"])]) == plain)
    }

    @Test func contradictionsAreRefused() {
        let linear = JSONValue.object(["rope_type": "linear", "factor": .int(2)])
        let plain = JSONValue.object(["rope_type": "default"])
        #expect(
            throws: ConfigurationError.inconsistent(
                problem: "rope_scaling and rope_parameters name different scalings")
        ) { try rope(["rope_scaling": linear, "rope_parameters": plain]) }
        #expect(throws: ConfigurationError.missing(field: "rope_scaling.rope_type")) {
            try rope(["rope_scaling": .object(["factor": .int(2)])])
        }
        let crossed: JSONObject = [
            "rope_type": "llama3", "factor": .int(8), "low_freq_factor": .int(4), "high_freq_factor": .int(4),
            "original_max_position_embeddings": .int(8192),
        ]
        #expect(
            throws: ConfigurationError.inconsistent(
                problem: "rope_scaling.low_freq_factor 4.0 is not below high_freq_factor 4.0")
        ) { try rope(["rope_scaling": .object(crossed)]) }
    }

    private func rope(_ changes: JSONObject) throws -> RopeConfiguration {
        let fields: JSONObject = [
            "model_type": "llama", "hidden_size": .int(128), "num_hidden_layers": .int(12),
            "num_attention_heads": .int(2), "intermediate_size": .int(256), "vocab_size": .int(320),
        ]
        return try ModelConfiguration(.object(changes.reduce(into: fields) { $0[$1.name] = $1.value })).rope
    }

    private func expectClose(_ found: [Float], _ expected: [Float]) {
        #expect(found.count == expected.count)
        for (pair, (a, b)) in zip(found, expected).enumerated() {
            #expect(abs(a - b) <= 2 * b.ulp, "pair \(pair): \(a), not \(b)")
        }
    }
}
