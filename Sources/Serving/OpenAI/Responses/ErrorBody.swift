/// An error as OpenAI's clients read it.
struct ErrorBody: Encodable {
    let error: Details

    struct Details: Encodable {
        let message: String
        let type: String
        /// The field that is wrong.
        let param: Nullable<String>
        let code: Nullable<String>
    }
}
