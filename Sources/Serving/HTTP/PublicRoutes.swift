import Decoding
import Hummingbird
import JSON
import Tokens

/// What everyone may see: whether the server lives, what it can, and the page.
struct PublicRoutes: Sendable {
    let served: ServedModel
    let queue: AdmissionQueue

    func add(to router: Router<BasicRequestContext>) {
        router.get("health") { _, _ in
            try queue.isOpen
                ? Response(json: HealthBody(status: .ok))
                : Response(json: HealthBody(status: .stopping), status: .serviceUnavailable)
        }
        router.get("openapi.json") { _, _ in
            Response(text: document, type: "application/json")
        }
        router.get("/") { _, _ in
            var response = Response(
                text: String(decoding: PackageResources.page_html, as: UTF8.self), type: "text/html; charset=utf-8")
            response.headers[.contentSecurityPolicy] =
                "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"
            return response
        }
    }

    /// The OpenAPI document, which names the model, the longest answer and what its chat template reads.
    private var document: String {
        String(decoding: PackageResources.openapi_json, as: UTF8.self)
            .replacing("\"$MODEL\"", with: JSONValue.string(served.name).text)
            .replacing("\"$MAX_TOKENS\"", with: String(served.limits.answerTokens))
            .replacing("\"$LAST_TOKEN\"", with: String(served.largestToken))
            .replacing("\"$MAX_TOOLS\"", with: mostElements(of: "tools"))
            .replacing("\"$MAX_DOCUMENTS\"", with: mostElements(of: "documents"))
    }

    /// 0 for a list that the model's chat template does not read.
    private func mostElements(of variable: String) -> String {
        let isRead = try? served.model.tokenizer?.templateReads(variable, served.chat)
        return isRead == true ? "4096" : "0"
    }
}
