import Tokens

/// Turns token ids into text: whole characters, up to the first stop string.
struct TextStream {
    private var decoder: StreamDecoder?
    private var matcher: StopMatcher

    init(tokenizer: Tokenizer?, stops: [String]) {
        decoder = tokenizer.map { StreamDecoder($0, skipSpecial: true) }
        matcher = StopMatcher(stops)
    }

    /// The text that `token` releases, and whether a stop string was found.
    mutating func append(_ token: Int) -> (text: String, isStopped: Bool) {
        matcher.append(decoder?.append(token) ?? "")
    }

    /// The text held back, once no more tokens come.
    mutating func flush() -> String {
        let (text, isStopped) = matcher.append(decoder?.flush() ?? "")
        return isStopped ? text : text + matcher.flush()
    }
}
