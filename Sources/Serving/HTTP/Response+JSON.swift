import Hummingbird
import JSON

extension Response {
    init(json body: some Encodable, status: HTTPResponse.Status = .ok) throws {
        self.init(text: try JSONValue(encoding: body).text, type: "application/json", status: status)
    }

    init(text: String, type: String, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
