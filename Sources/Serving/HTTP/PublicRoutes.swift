import Decoding
import Hummingbird
import JSON
import Tokens

/// The endpoints that need no API key: the OpenAPI document and the page.
struct PublicRoutes: Sendable {
    let served: ServedModel

    func add(to router: Router<ServerContext>) {
        let document = document
        router.get("openapi.json") { _, _ in
            Response(text: document, type: "application/json")
        }
        for file in PageFile.all { router.get(RouterPath(file.path)) { _, _ in file.response } }
    }

    /// The OpenAPI document, with the model's name, its limits and the lists that its chat template reads filled in.
    private var document: String {
        String(decoding: PackageResources.openapi_json, as: UTF8.self)
            .replacing("\"$MODEL\"", with: JSONValue.string(served.name).text)
            .replacing("\"$MAX_TOKENS\"", with: String(served.limits.answerTokens))
            .replacing("\"$LAST_TOKEN\"", with: String(served.largestToken))
            .replacing("\"$MAX_TOOLS\"", with: mostElements(of: "tools"))
            .replacing("\"$MAX_DOCUMENTS\"", with: mostElements(of: "documents"))
    }

    /// The document's `maxItems` for a list: 0 if the chat template does not read it.
    private func mostElements(of variable: String) -> String {
        let isRead = try? served.model.tokenizer?.templateReads(variable, served.chat)
        return isRead == true ? "4096" : "0"
    }
}
