#if Server
    import Foundation
    import JSON
    import Logging

    /// A file to which lines are appended.
    final class LogFile: Sendable {
        private let file: FileHandle
        private let queue = DispatchQueue(label: "volley-log")

        /// - Parameter path: `-` for standard error.
        /// - Throws: `ServerFileError` if the file cannot be written to.
        init(path: String) throws {
            if path == "-" {
                file = .standardError
                return
            }
            let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else {
                throw ServerFileError(
                    path: path, problem: "the log cannot be written there; choose another --access-log")
            }
            file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        }

        /// Appends a line soon. A full disk loses lines, not requests.
        func append(_ line: String) { queue.async { [file] in try? file.write(contentsOf: Data((line + "\n").utf8)) } }
    }

    /// Writes what is logged as one line of JSON.
    struct AccessLogHandler: LogHandler {
        let file: LogFile
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        init(file: LogFile) { self.file = file }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let time = Date().formatted(.iso8601.time(includingFractionalSeconds: true))
            var fields: JSONObject = ["time": .string(time)]
            for (name, value) in (event.metadata ?? [:]).sorted(by: { $0.key < $1.key }) {
                fields[name] = Self.value("\(value)")
            }
            file.append(JSONValue.object(fields).text)
        }

        /// Numbers and truths as such, all else as text.
        private static func value(_ text: String) -> JSONValue {
            switch text {
            case "true": .bool(true)
            case "false": .bool(false)
            default: Int(text).map { .int($0) } ?? Double(text).map { .double($0) } ?? .string(text)
            }
        }
    }
#endif
