/// The answer to `POST /detokenize`.
struct DetokenizeBody: Encodable {
    let content: String
}
