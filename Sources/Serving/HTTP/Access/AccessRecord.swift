import HTTPTypes
import Logging

/// What the access log says of an exchange: never a word of prompts or answers.
struct AccessRecord: Sendable {
    /// The name of the client's key; nil for none.
    var keyName: String?
    var promptTokens: Int?
    var completionTokens: Int?
    /// Fields of the request that had no effect.
    var ignoredFields: [String] = []

    mutating func add(_ tokens: Int, isPrompt: Bool) {
        if isPrompt {
            promptTokens = (promptTokens ?? 0) + tokens
        } else {
            completionTokens = (completionTokens ?? 0) + tokens
        }
    }

    /// - Parameters:
    ///   - status: nil if the client left before its answer.
    ///   - isWhole: whether the answer was sent to its end.
    func log(
        _ exchange: Exchange, _ request: HTTPRequest, status: Int?, seconds: Double, isWhole: Bool, to logger: Logger
    ) {
        var fields: Logger.Metadata = [
            "id": "\(exchange.id)", "client": "\(exchange.address)", "method": "\(request.method)",
            "path": "\((request.path ?? "").prefix { $0 != "?" }.prefix(200))", "whole": "\(isWhole)",
            "seconds": "\(seconds)",
        ]
        fields["status"] = status.map { "\($0)" }
        fields["key"] = keyName.map { "\($0)" }
        fields["prompt_tokens"] = promptTokens.map { "\($0)" }
        fields["completion_tokens"] = completionTokens.map { "\($0)" }
        if !ignoredFields.isEmpty {
            fields["ignored"] = "\(ignoredFields.prefix(16).joined(separator: " ").prefix(400))"
        }
        logger.info("request", metadata: fields)
    }
}
