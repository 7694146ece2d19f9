/// The answer to `POST /tokenize`.
struct TokenizeBody: Encodable {
    let tokens: [Int]
}
