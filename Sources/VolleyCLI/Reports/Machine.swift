import Foundation

/// The machine of a measurement.
enum Machine {
    /// The processor's model name.
    static var processor: String {
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        return name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
    }

    static var system: String { ProcessInfo.processInfo.operatingSystemVersionString }
}
