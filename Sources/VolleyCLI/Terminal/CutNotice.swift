import Volley

/// The notice that a limit cut the text.
enum CutNotice {
    /// One sentence; nil if the text ended by itself, or no token was asked for.
    static func text(
        for generation: Generator, asked: GenerationOptions, defaults: GenerationDefaults, contextLength: Int
    ) -> String? {
        switch generation.finishReason {
        case .length where asked.maximumTokens == 0: nil
        case .length:
            "the text was cut at the limit of \(tokens(generation.tokenLimit)) (\(origin(asked, defaults))); "
                + "give a larger --max-tokens for more"
        case .context:
            "the text was cut because the context of \(tokens(contextLength)) is full; give a --window to go on beyond it"
        case .stop, .cancelled, nil: nil
        }
    }

    private static func tokens(_ count: Int) -> String { count == 1 ? "1 token" : "\(count) tokens" }

    private static func origin(_ asked: GenerationOptions, _ defaults: GenerationDefaults) -> String {
        if asked.maximumTokens != nil { return "--max-tokens" }
        if let limit = defaults.maximumTokens { return "max_new_tokens in \(limit.origin)" }
        if let limit = defaults.maximumLength { return "max_length in \(limit.origin), prompt included" }
        return "the context's length"
    }
}
