import Decoding
import Foundation

/// A figure of each plan's first passes, one after the other. The width of a pass shows the bytes that it reads. Plans that skip
/// layers or draft are left out. Drawn by `pass-timeline.mustache`.
struct PassTimeline {
    let width: Int
    let height: Int
    let lanes: [Lane]
    let tokens: String

    /// A plan's passes from left to right. Lengths are in SVG units.
    struct Lane {
        let plan: String
        let baseline: Int
        let passes: [Pass]
    }

    struct Pass {
        let style: String
        let x: String
        let top: Int
        let width: String
        let height: Int
    }

    /// Tokens that are drawn.
    fileprivate static let tokenCount = 24
    fileprivate static let laneHeight = 26
    fileprivate static let left = 64.0
    fileprivate static let right = 900.0

    /// nil if no plan decoded a token.
    init?(_ answers: [Comparison.Answer], _ setting: ComparisonSetting) {
        let answers = answers.filter(\.readsWholePasses)
        let count = min(Self.tokenCount, answers.map(\.tokens.count).max() ?? 0)
        let longest = max(setting.roofline.wholePass, setting.vanillaRoofline.wholePass)
        guard count > 1, longest > 0 else { return nil }
        let scale = (Self.right - Self.left) / (Double(count - 1) * longest)
        width = Int(Self.right)
        height = answers.count * Self.laneHeight
        lanes = answers.enumerated().map { number, answer in
            let bytes = answer.plan.isVanilla ? setting.vanillaRoofline : setting.roofline
            return Lane(answer, top: number * Self.laneHeight, bytes: bytes, scale: scale)
        }
        tokens = count == 2 ? "decoded token" : "\(count - 1) decoded tokens"
    }
}

extension PassTimeline.Lane {
    fileprivate init(_ answer: Comparison.Answer, top: Int, bytes: ByteRoofline, scale: Double) {
        plan = answer.plan.title
        baseline = top + 16
        var passes: [PassTimeline.Pass] = []
        var x = PassTimeline.left
        func add(_ style: String, bytes: Double) {
            let width = scale * bytes
            passes.append(
                PassTimeline.Pass(
                    style: style, x: String(format: "%.1f", x), top: top + 3,
                    width: String(format: "%.1f", max(width - 0.6, 0.3)), height: PassTimeline.laneHeight - 8))
            x += width
        }
        // The first token came with the prompt.
        for token in answer.tokens.prefix(PassTimeline.tokenCount).dropFirst() {
            if (token.cycleIndex ?? 0) == 0 { add("trunk", bytes: Double(bytes.trunk)) }
            let style = token.cycleIndex.map { "head p\($0 % ComparisonPage.colourCount)" } ?? "head plain"
            add(style, bytes: bytes.headPass)
        }
        self.passes = passes
    }
}

extension ByteRoofline {
    fileprivate var headPass: Double { Double(head + vocabularyHead) }
    fileprivate var wholePass: Double { Double(trunk) + headPass }
}
