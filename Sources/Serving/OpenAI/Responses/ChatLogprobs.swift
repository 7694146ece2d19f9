/// `logprobs` of a chat completion.
struct ChatLogprobs: Encodable {
    let content: [Token]
    let refusal = Nullable<String>(nil)

    /// A generated token. The first three fields are left out if its logprob is not known.
    struct Token: Encodable {
        let token: String?
        let logprob: Double?
        let bytes: [Int]?
        let topLogprobs: [Entry]

        private enum CodingKeys: String, CodingKey {
            case token, logprob, bytes
            case topLogprobs = "top_logprobs"
        }

        init(_ own: Entry?, topLogprobs: [Entry]) {
            token = own?.token
            logprob = own?.logprob
            bytes = own?.bytes
            self.topLogprobs = topLogprobs
        }
    }

    struct Entry: Encodable {
        let token: String
        let logprob: Double
        let bytes: [Int]

        init(_ text: String, bytes: [UInt8], logprob: Double) {
            token = text
            self.logprob = logprob
            self.bytes = bytes.map { Int($0) }
        }
    }
}
