import Hummingbird

/// An answer that refuses a request.
struct APIError: Error, Equatable {
    let status: HTTPResponse.Status
    /// One sentence: what, where, what to do.
    let message: String
    /// The field that is wrong; nil if no single one is.
    var field: String?
    /// A word for programs.
    var code: String?
    /// Seconds after which to try again.
    var retryAfter: Int?
    /// Methods that the path takes, for a request with another one.
    var allowedMethods: [String] = []

    /// A fault in the request (400).
    static func invalid(_ message: String, field: String? = nil, code: String? = nil) -> APIError {
        APIError(status: .badRequest, message: message, field: field, code: code)
    }

    /// The server has no room for the request now (503).
    static func busy(_ message: String) -> APIError {
        APIError(status: .serviceUnavailable, message: message, code: "busy", retryAfter: 1)
    }

    private var type: String {
        switch status.code {
        case 401: "authentication_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    var body: ErrorBody {
        ErrorBody(error: .init(message: message, type: type, param: Nullable(field), code: Nullable(code)))
    }

    func response() throws -> Response {
        var response = try Response(json: body, status: status)
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        if !allowedMethods.isEmpty { response.headers[.allow] = allowedMethods.joined(separator: ", ") }
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

extension AdmissionError {
    var apiError: APIError {
        switch self {
        case .queueFull: APIError(status: .tooManyRequests, message: description, code: "queue_full", retryAfter: 1)
        case .stopping: APIError(status: .serviceUnavailable, message: description, code: "stopping", retryAfter: 5)
        case .tooLarge: .invalid(description, code: "kv_budget_exceeded")
        }
    }
}
