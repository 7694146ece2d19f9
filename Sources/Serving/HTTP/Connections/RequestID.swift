import Foundation
import HTTPTypes
import Hummingbird

/// The name of an exchange: the client's own if it is one, else a new one.
enum RequestID {
    static func of(_ request: HTTPRequest) -> String {
        guard let id = request.headerFields[.requestID], (1...128).contains(id.utf8.count),
            id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return new() }
        return id
    }

    static func new() -> String { "req_" + UUID().uuidString.lowercased().replacing("-", with: "") }
}

extension HTTPField.Name {
    // A valid name: letters and dashes.
    static let requestID = HTTPField.Name("x-request-id")!
}

/// Now, as HTTP's `Date` writes it (RFC 9110, section 5.6.7).
func httpDate() -> String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    let (days, months) = (
        ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    )
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
        + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
}
