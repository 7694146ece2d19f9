import Hummingbird
import JSON

extension Response {
    init(json value: JSONValue, status: HTTPResponse.Status = .ok) {
        self.init(text: value.text, type: "application/json", status: status)
    }

    init(text: String, type: String, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
