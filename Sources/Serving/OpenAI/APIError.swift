import Hummingbird
import JSON

/// A request that is refused, in OpenAI's form.
struct APIError: Error, Equatable {
    let status: HTTPResponse.Status
    /// One sentence: what, where, what to do.
    let message: String
    /// The field that is wrong, where it is one.
    var field: String?
    /// A word for programs.
    var code: String?
    /// Seconds after which to try again.
    var retryAfter: Int?
    /// The methods that the path takes, where it does not take this one.
    var allowedMethods: [String] = []

    /// Something in the request is not as it must be.
    static func invalid(_ message: String, field: String? = nil, code: String? = nil) -> APIError {
        APIError(status: .badRequest, message: message, field: field, code: code)
    }

    private var type: String {
        switch status.code {
        case 401: "authentication_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    var body: JSONValue {
        [
            "error": [
                "message": .string(message), "type": .string(type), "param": field.map { .string($0) } ?? .null,
                "code": code.map { .string($0) } ?? .null,
            ]
        ]
    }

    var response: Response {
        var response = Response(json: body, status: status)
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
