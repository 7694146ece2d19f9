import Foundation

/// Colours for places in a cycle: the trunk's pass in bold, the head's alone from blue to red.
struct CyclePalette {
    /// 256-colour codes of places 0, 1, 2, …; further places go round.
    private static let codes = [39, 43, 148, 214, 209, 204, 171, 105]

    /// Nil where standard output is no terminal, the terminal is dumb, or NO_COLOR is set (no-color.org).
    static func forStandardOutput() -> CyclePalette? { StandardOutput.isTerminal ? forTerminal() : nil }

    /// Nil where standard error is no terminal, the terminal is dumb, or NO_COLOR is set.
    static func forStandardError() -> CyclePalette? { StandardError.isTerminal ? forTerminal() : nil }

    private static func forTerminal() -> CyclePalette? {
        let environment = ProcessInfo.processInfo.environment
        guard environment["TERM"] != "dumb", (environment["NO_COLOR"] ?? "").isEmpty else { return nil }
        return CyclePalette()
    }

    /// `text` in its place's colour; as it stands where there is none.
    func paint(_ text: String, place: Int?) -> String {
        guard let place else { return text }
        let style = place == 0 ? "1;" : ""
        return "\u{1B}[\(style)38;5;\(Self.codes[place % Self.codes.count])m\(text)\u{1B}[0m"
    }

    /// One line that says what the colours mean.
    func legend(factor: Int) -> String {
        let places = (0..<factor).map { paint("\($0)", place: $0) }
        return "place in the cycle (0: trunk and head, then the head alone): " + places.joined(separator: " ")
    }
}
