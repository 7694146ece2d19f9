import JSON
import Models
import Testing

/// The cycle rule of a configuration, and the origins of its choices.
struct CheckpointRuleTests {
    private static let released: JSONObject = ["num_thinking_layers": .int(4), "num_decoding_layers": .int(8)]

    private static func configuration(_ changes: JSONObject) throws -> ModelConfiguration {
        let plain: JSONObject = [
            "model_type": "qwen3", "hidden_size": .int(128), "num_hidden_layers": .int(12),
            "num_attention_heads": .int(8), "num_key_value_heads": .int(2), "head_dim": .int(16),
            "intermediate_size": .int(256), "vocab_size": .int(320),
        ]
        return try ModelConfiguration(.object(changes.reduce(into: plain) { $0[$1.name] = $1.value }))
    }

    /// Phase, prompt input and history with their origins.
    private static func shown(_ found: CheckpointRule) -> [String] {
        [
            "\(found.rule.phase) (\(found.phaseOrigin))", "\(found.rule.promptInput) (\(found.promptInputOrigin))",
            "\(found.rule.history) (\(found.historyOrigin))",
        ]
    }

    private static let correct = "; correct the checkpoint's configuration or download it again"

    private static func refusal(_ changes: JSONObject) -> String? {
        do {
            _ = try configuration(changes)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("a plain model follows the paper's rule")
    func plain() throws {
        let found = try Self.configuration([:])
        #expect(Self.shown(found.checkpointRule) == ["prompt (default)", "trunk (default)", "real (default)"])
        #expect(found.rule == .prompt && found.wasFedTrunkAlone)
    }

    @Test("the released names mean E + T at the prompt's positions; either name is enough")
    func releasedNames() throws {
        #expect(
            Self.shown(try Self.configuration(Self.released).checkpointRule)
                == ["prompt (num_thinking_layers)", "sum (num_thinking_layers)", "real (default)"])
        let found = try Self.configuration(["model_type": "dmtdqwen3", "num_decoding_layers": .int(8)])
        #expect(
            Self.shown(found.checkpointRule)
                == ["prompt (num_decoding_layers)", "sum (num_decoding_layers)", "real (default)"])
        #expect(!found.wasFedTrunkAlone)
    }

    @Test("mtpqwen3 is absolute, and so masked")
    func firstTrainingCode() throws {
        var fields = Self.released
        fields["model_type"] = "mtpqwen3"
        #expect(
            Self.shown(try Self.configuration(fields).checkpointRule)
                == ["absolute (model_type mtpqwen3)", "masked (its phase)", "real (default)"])
    }

    @Test("fields name each choice")
    func fields() throws {
        var fields = Self.released
        fields["dmtd_history_mode"] = "shadow"
        fields["dmtd_prompt_input"] = "trunk"
        #expect(
            Self.shown(try Self.configuration(fields).checkpointRule)
                == ["prompt (num_thinking_layers)", "trunk (dmtd_prompt_input)", "shadow (dmtd_history_mode)"])
        fields["dmtd_prompt_input"] = nil
        fields["dmtd_phase"] = "absolute"
        #expect(
            Self.shown(try Self.configuration(fields).checkpointRule)
                == ["absolute (dmtd_phase)", "masked (its phase)", "shadow (dmtd_history_mode)"])
        fields["model_type"] = "mtpqwen3"
        fields["dmtd_phase"] = "prompt"
        #expect(
            Self.shown(try Self.configuration(fields).checkpointRule)
                == ["prompt (dmtd_phase)", "sum (num_thinking_layers)", "shadow (dmtd_history_mode)"])
        #expect(try Self.configuration(["dmtd_prompt_input": .null, "dmtd_history_mode": .null]).rule == .prompt)
    }

    @Test("invalid and contradictory fields are refused by name")
    func refusals() {
        #expect(
            Self.refusal(["dmtd_phase": "late"])
                == "configuration: dmtd_phase is 'late', but must be prompt or absolute" + Self.correct)
        #expect(
            Self.refusal(["dmtd_prompt_input": "both"])
                == "configuration: dmtd_prompt_input is 'both', but must be trunk, sum or masked" + Self.correct)
        #expect(
            Self.refusal(["dmtd_history_mode": .int(3)])
                == "configuration: dmtd_history_mode is 3, but must be a string" + Self.correct)
        #expect(
            Self.refusal(["dmtd_prompt_input": "masked"])
                == "configuration: prompt input masked belongs to absolute phase, but the phase is "
                + "prompt" + Self.correct)
        #expect(
            Self.refusal(["dmtd_prompt_input": "sum", "dmtd_phase": "absolute"])
                == "configuration: prompt input sum belongs to prompt phase, but the phase is absolute"
                + Self.correct)
    }

    @Test("options replace choices; a new phase drops a prompt input that does not fit it")
    func overrides() throws {
        let released = try Self.configuration(Self.released).checkpointRule
        #expect(
            Self.shown(try released.replacing(CycleRule.Overrides(promptInput: .trunk, history: .shadow)))
                == ["prompt (num_thinking_layers)", "trunk (--prompt-input)", "shadow (--history)"])
        #expect(
            Self.shown(try released.replacing(CycleRule.Overrides(phase: .absolute)))
                == ["absolute (--phase)", "masked (its phase)", "real (default)"])
        var fields = Self.released
        fields["dmtd_prompt_input"] = "trunk"
        let named = try Self.configuration(fields).checkpointRule
        #expect(try named.replacing(CycleRule.Overrides(phase: .absolute)).rule == .absolute)
        #expect(throws: CycleRuleError.promptInput(.masked, phase: .prompt)) {
            try released.replacing(CycleRule.Overrides(promptInput: .masked))
        }
        #expect(throws: CycleRuleError.promptInput(.trunk, phase: .absolute)) {
            try released.replacing(CycleRule.Overrides(phase: .absolute, promptInput: .trunk))
        }
    }

    @Test("refreshed head history feeds T to the prompt, and refuses what contradicts that")
    func headHistory() throws {
        let released = try Self.configuration(Self.released).checkpointRule
        let refreshed = try released.replacing(CycleRule.Overrides(headHistory: .refreshed))
        #expect(
            Self.shown(refreshed) == ["prompt (num_thinking_layers)", "trunk (its head history)", "real (default)"])
        #expect(refreshed.rule.headHistory == .refreshed && "\(refreshed.headHistoryOrigin)" == "--head-history")
        var fields = Self.released
        fields["dmtd_head_history"] = "refreshed"
        let named = try Self.configuration(fields).checkpointRule
        #expect(named.rule == refreshed.rule && "\(named.headHistoryOrigin)" == "dmtd_head_history")
        #expect(try named.replacing(CycleRule.Overrides(headHistory: .kept)).rule == released.rule)
        let contradictions: [(CycleRule.Overrides, CycleRuleError)] = [
            (CycleRule.Overrides(phase: .absolute), .refreshedPhase),
            (CycleRule.Overrides(promptInput: .sum), .refreshedPromptInput(.sum)),
            (CycleRule.Overrides(history: .shadow), .refreshedShadow),
        ]
        for (overrides, error) in contradictions {
            #expect(throws: error) { try named.replacing(overrides) }
        }
        fields["dmtd_prompt_input"] = "sum"
        #expect(
            Self.refusal(fields)
                == "configuration: head history refreshed feeds the prompt as trunk, but the prompt input is sum"
                + Self.correct)
        #expect(
            Self.refusal(["dmtd_head_history": "lost"])
                == "configuration: dmtd_head_history is 'lost', but must be kept or refreshed" + Self.correct)
    }

    @Test("exactly the listed rules can be made")
    func everyRule() throws {
        var made: [CycleRule] = []
        for phase in CyclePhase.allCases {
            for input in PromptInput.allCases {
                for history in TrunkHistory.allCases {
                    made += HeadHistory.allCases.compactMap {
                        try? CycleRule(phase: phase, promptInput: input, history: history, headHistory: $0)
                    }
                }
            }
        }
        #expect(made.count == 7 && CycleRule.allCases.count == 7)
        #expect(made.allSatisfy(CycleRule.allCases.contains))
    }

    @Test("the newer names without dmtd_block_attention are a parallel variant, unless the paper's names are there too")
    func parallelVariant() throws {
        let newer: JSONObject = ["num_parallel_layers": .int(4), "num_sequential_layers": .int(8)]
        #expect(
            Self.refusal(newer)
                == "configuration: dmtd_block_attention causal, which num_parallel_layers without it means, is not "
                + "implemented; use a checkpoint of the sequential method")
        let both = Self.released.reduce(into: newer) { $0[$1.name] = $1.value }
        #expect(try Self.configuration(both).rule.promptInput == .sum)
        var sequential = newer
        sequential["dmtd_block_attention"] = "none"
        #expect(try Self.configuration(sequential).rule == .prompt)
    }
}
