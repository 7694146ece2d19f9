import Volley

/// The tokens and text of a generation.
struct GenerationRecord {
    var tokens: [GeneratedToken] = []
    var text = ""

    mutating func append(_ token: GeneratedToken) {
        tokens.append(token)
        text += token.text
    }
}
