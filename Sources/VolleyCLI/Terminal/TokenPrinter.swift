import Volley

/// Prints tokens as they come, coloured by cycle index if requested and possible.
struct TokenPrinter {
    private let isSilent: Bool
    private let palette: CyclePalette?
    private var endsInNewline = true

    init(isSilent: Bool, showsCycles: Bool, plan: any DecodePlan) {
        self.isSilent = isSilent
        palette = showsCycles && !isSilent ? CyclePalette.forStandardOutput() : nil
        if let palette, plan.hasCycles {
            StandardError.write(palette.legend(factor: plan.longestCycle) + "\n")
        }
    }

    mutating func print(_ token: GeneratedToken) throws {
        guard !isSilent, !token.text.isEmpty else { return }
        endsInNewline = token.text.utf8.last == UInt8(ascii: "\n")
        try StandardOutput.write(palette?.paint(token.text, cycleIndex: token.cycleIndex) ?? token.text)
    }

    /// Prints text that was held back, and ends the last line.
    mutating func finish(_ rest: String) throws {
        guard !isSilent else { return }
        try StandardOutput.write(rest)
        if !endsInNewline || !rest.isEmpty { try StandardOutput.write("\n") }
    }
}
