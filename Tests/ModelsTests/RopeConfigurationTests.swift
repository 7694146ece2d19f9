import JSON
import Models
import TestSupport
import Testing
import Weights

/// RoPE frequencies equal those of transformers.
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

    private struct Table: Decodable {
        let rope: [String: Field]
        let frequencies: [Float]
        let attentionFactor: Float

        /// A number, a string or a Boolean.
        enum Field: Decodable {
            case number(Double), text(String), truth(Bool)

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let truth = try? value.decode(Bool.self) {
                    self = .truth(truth)
                } else if let number = try? value.decode(Double.self) {
                    self = .number(number)
                } else {
                    self = .text(try value.decode(String.self))
                }
            }

            var json: JSONValue {
                switch self {
                case .number(let number): Int(exactly: number).map { .int($0) } ?? .double(number)
                case .text(let text): .string(text)
                case .truth(let truth): .bool(truth)
                }
            }
        }

        enum CodingKeys: String, CodingKey {
            case rope, frequencies
            case attentionFactor = "attention_factor"
        }
    }

    /// Recorded from transformers (Goldens/yarn/make.py).
    @Test(arguments: ["qwen3", "plain", "betas", "mscale", "no original"])
    func yarnIsThatOfTransformers(_ name: String) throws {
        let tables = try Goldens.decode([String: Table].self, "yarn/frequencies.json")
        let table = try #require(tables[name])
        let parameters = table.rope.reduce(into: JSONObject()) { $0[$1.key] = $1.value.json }
        let context = name == "qwen3" ? 40960 : 160
        for field in ["rope_parameters", "rope_scaling"] {
            let rope = try rope([
                field: .object(parameters), "head_dim": .int(2 * table.frequencies.count),
                "max_position_embeddings": .int(context),
            ])
            expectClose(rope.inverseFrequencies(), table.frequencies)
            #expect(abs(rope.attentionFactor - table.attentionFactor) <= table.attentionFactor.ulp)
        }
    }

    @Test func yarnStretchesTheContext() throws {
        let published: JSONObject = [
            "rope_type": "yarn", "factor": .double(4), "original_max_position_embeddings": .int(32768),
        ]
        func length(_ context: Int, _ scaling: JSONObject) throws -> Int {
            try configuration(["max_position_embeddings": .int(context), "rope_scaling": .object(scaling)])
                .contextLength
        }
        #expect(try length(40960, published) == 131_072)
        #expect(try length(131_072, published) == 131_072)
        #expect(try length(2048, ["type": "yarn", "factor": .int(3)]) == 6144)
    }

    @Test func attnFactorMultipliesWhatYarnGives() throws {
        let rope = try rope([
            "rope_scaling": .object([
                "rope_type": "yarn", "factor": .int(4), "attn_factor": .double(0.8782488562869419),
                "original_max_position_embeddings": .int(2048),
            ])
        ])
        #expect(abs(rope.attentionFactor - 1) < 1e-6)
    }

    private static let contradictions: [(JSONObject, String)] = [
        (["rope_type": "yarn"], "rope_scaling.factor is missing"),
        (
            ["rope_type": "yarn", "factor": .double(0.5)],
            "rope_scaling.factor is 0.5, but must be a number of at least 1"
        ),
        (
            ["rope_type": "yarn", "type": "linear", "factor": .int(2)],
            "rope_scaling.rope_type is 'yarn', but type is 'linear'"
        ),
        (
            ["rope_type": "yarn", "factor": .int(2), "original_max_position_embeddings": .int(1024)],
            "rope_scaling.factor 2.0 times original_max_position_embeddings 1024 does not reach max_position_embeddings 4096"
        ),
        (
            ["rope_type": "yarn", "factor": .int(2), "original_max_position_embeddings": .int(8192)],
            "rope_scaling.original_max_position_embeddings 8192 is above max_position_embeddings 4096"
        ),
        (
            ["rope_type": "yarn", "factor": .int(2), "beta_fast": .int(1), "beta_slow": .int(32)],
            "rope_scaling.beta_fast 1.0 is below beta_slow 32.0"
        ),
        (
            ["rope_type": "yarn", "factor": .int(2), "attention_factor": .double(1.1), "attn_factor": .double(0.9)],
            "rope_scaling.attention_factor and attn_factor are both there"
        ),
        (
            ["rope_type": "yarn", "factor": .int(1 << 30)],
            "rope_scaling.factor 1073741824.0 times original_max_position_embeddings 4096 is 2^31 or more"
        ),
        (
            ["rope_type": "yarn", "factor": .int(2), "extrapolation_factor": .double(0.5)],
            "rope_scaling.extrapolation_factor 0.5 is not implemented"
        ),
        (["rope_type": "default", "factor": .int(4)], "rope_scaling.factor 4 is not implemented"),
    ]

    @Test(arguments: contradictions)
    func scalingsThatContradictThemselvesAreRefused(_ scaling: JSONObject, _ text: String) {
        do {
            _ = try rope(["rope_scaling": .object(scaling), "max_position_embeddings": .int(4096)])
            Issue.record("accepted")
        } catch {
            #expect("\(error)".hasPrefix("configuration: " + text), "\(error)")
        }
    }

    @Test func aThetaThatYarnCannotUseIsRefused() {
        #expect(throws: ConfigurationError.inconsistent(problem: "rope_theta 1.0 must be above 1 for the scaling yarn"))
        {
            try rope([
                "rope_theta": .int(1), "max_position_embeddings": .int(64),
                "rope_scaling": .object(["type": "yarn", "factor": .int(2)]),
            ])
        }
        #expect(
            throws: ConfigurationError.inconsistent(problem: "rope_theta is 7.0, but rope_parameters.rope_theta is 8.0")
        ) { try rope(["rope_theta": .int(7), "rope_parameters": .object(["rope_theta": .int(8)])]) }
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

    private func rope(_ changes: JSONObject) throws -> RopeConfiguration { try configuration(changes).rope }

    private func configuration(_ changes: JSONObject) throws -> ModelConfiguration {
        let fields: JSONObject = [
            "model_type": "llama", "hidden_size": .int(128), "num_hidden_layers": .int(12),
            "num_attention_heads": .int(2), "intermediate_size": .int(256), "vocab_size": .int(320),
        ]
        return try ModelConfiguration(.object(changes.reduce(into: fields) { $0[$1.name] = $1.value }))
    }

    private func expectClose(_ found: [Float], _ expected: [Float]) {
        #expect(found.count == expected.count)
        for (pair, (a, b)) in zip(found, expected).enumerated() {
            #expect(abs(a - b) <= 2 * b.ulp, "pair \(pair): \(a), not \(b)")
        }
    }
}
