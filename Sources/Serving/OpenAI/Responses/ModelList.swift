/// `GET /v1/models`.
struct ModelList: Encodable {
    let object = "list"
    let data: [ModelDescription]
}
