import Foundation

/// Colours of cycle indices, from blue to red; index 0, for which the trunk ran, is bold.
struct CyclePalette {
    /// 256-colour codes of cycle indices 0, 1, 2, …, repeated for larger indices.
    private static let codes = [39, 43, 148, 214, 209, 204, 171, 105]

    /// Nil if standard output is not a terminal, the terminal is dumb, or NO_COLOR is set (no-color.org).
    static func forStandardOutput() -> CyclePalette? { StandardOutput.isTerminal ? forTerminal() : nil }

    /// Nil if standard error is not a terminal, the terminal is dumb, or NO_COLOR is set.
    static func forStandardError() -> CyclePalette? { StandardError.isTerminal ? forTerminal() : nil }

    private static func forTerminal() -> CyclePalette? {
        let environment = ProcessInfo.processInfo.environment
        guard environment["TERM"] != "dumb", (environment["NO_COLOR"] ?? "").isEmpty else { return nil }
        return CyclePalette()
    }

    /// `text` in the colour of its cycle index; uncoloured if that is nil.
    func paint(_ text: String, cycleIndex: Int?) -> String {
        guard let cycleIndex else { return text }
        let style = cycleIndex == 0 ? "1;" : ""
        return "\u{1B}[\(style)38;5;\(Self.codes[cycleIndex % Self.codes.count])m\(text)\u{1B}[0m"
    }

    /// One line that explains the colours.
    func legend(factor: Int) -> String {
        let indices = (0..<factor).map { paint("\($0)", cycleIndex: $0) }
        return "cycle index (0: trunk and head, others: head alone): " + indices.joined(separator: " ")
    }
}
