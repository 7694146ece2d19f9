import Volley

/// Everything that a generation gave out.
struct GenerationRecord {
    var tokens: [GeneratedToken] = []
    var text = ""

    mutating func append(_ token: GeneratedToken) {
        tokens.append(token)
        text += token.text
    }
}
