/// Why a file of the server's options cannot be used, in one sentence.
struct ServerFileError: Error, CustomStringConvertible {
    let path: String
    let problem: String

    var description: String { "\(path): \(problem)" }
}
