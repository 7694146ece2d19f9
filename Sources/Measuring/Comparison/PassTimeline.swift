import Decoding
import Foundation

/// A figure of each plan's first passes, one after the other. The width of a pass shows the bytes that it reads. Plans that skip
/// layers or draft are left out.
struct PassTimeline {
    private let answers: [Comparison.Answer]
    private let roofline: ByteRoofline
    private let vanillaRoofline: ByteRoofline

    /// Tokens that are drawn.
    private static let tokenCount = 24
    private static let rowHeight = 26
    private static let left = 64.0
    private static let width = 900.0

    init(_ answers: [Comparison.Answer], _ setting: ComparisonSetting) {
        self.answers = answers.filter(\.readsWholePasses)
        (roofline, vanillaRoofline) = (setting.roofline, setting.vanillaRoofline)
    }

    /// An SVG with its caption; empty if no plan decoded a token.
    var figure: String {
        let count = min(Self.tokenCount, answers.map(\.tokens.count).max() ?? 0)
        let longest = max(roofline.wholePass, vanillaRoofline.wholePass)
        guard count > 1, longest > 0 else { return "" }
        let scale = (Self.width - Self.left) / (Double(count - 1) * longest)
        let rows = answers.enumerated().map { row($1, number: $0, scale: scale) }
        return """
            <figure>
            <svg viewBox="0 0 \(Int(Self.width)) \(answers.count * Self.rowHeight)" role="img" aria-label="passes in time">
            \(rows.joined(separator: "\n"))
            </svg>
            <figcaption>The first \(count == 2 ? "decoded token" : "\(count - 1) decoded tokens"): <b class="trunkKey">trunk</b> and <b class="headKey">head</b> \
            passes, as long as the bytes that they read.</figcaption>
            </figure>
            """
    }

    private func row(_ answer: Comparison.Answer, number: Int, scale: Double) -> String {
        let y = number * Self.rowHeight
        let bytes = answer.plan.isVanilla ? vanillaRoofline : roofline
        var x = Self.left
        var shapes = ["<text x=\"0\" y=\"\(y + 16)\">\(answer.plan.title)</text>"]
        func pass(_ style: String, _ bytes: Double) {
            let width = scale * bytes
            shapes.append(
                String(
                    format: "<rect class=\"%@\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", style, x, y + 3,
                    max(width - 0.6, 0.3), Self.rowHeight - 8))
            x += width
        }
        // The first token came with the prompt.
        for token in answer.tokens.prefix(Self.tokenCount).dropFirst() {
            if (token.cycleIndex ?? 0) == 0 { pass("trunk", Double(bytes.trunk)) }
            pass(token.cycleIndex.map { "head p\($0 % ComparisonStyle.placeCount)" } ?? "head plain", bytes.headPass)
        }
        return shapes.joined(separator: "\n")
    }
}

extension ByteRoofline {
    fileprivate var headPass: Double { Double(head + vocabularyHead) }
    fileprivate var wholePass: Double { Double(trunk) + headPass }
}
