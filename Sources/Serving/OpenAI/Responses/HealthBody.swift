/// `GET /health`.
struct HealthBody: Encodable {
    enum Status: String, Encodable {
        case ok, stopping
    }

    let status: Status
}
