/// `GET /health` and `GET /ready`.
struct HealthBody: Encodable {
    enum Status: String, Encodable {
        case ok, ready, stopping
    }

    let status: Status
}
