import Foundation
import Measuring
import Volley

/// A depth map as text.
struct DepthText {
    let text: String

    private static let barWidth = 40

    init(_ map: DepthMap, palette: DepthPalette) {
        let words = map.tokens.map { palette.paint($0.shownText, shade: map.shade(of: $0), layers: $0.layersUsed) }
        let isAnswered = !map.tokens.allSatisfy(\.isPrompt)
        let rows =
            [("prompt", map.prompt)] + (isAnswered ? [("answer", map.answer), ("both", map.all)] : [])
        text =
            words.joined() + "\n\n" + Self.legend(map, palette)
            + TextTable(
                header: ["\(map.plan), \(map.layerCount) layers", "layers per token", "variance"],
                rows: rows.map { [$0.0, String(format: "%.2f", $0.1.mean), String(format: "%.2f", $0.1.variance)] }
            ).text + "\n" + Self.histogram(map)
    }

    /// The colours from the fewest layers to the most; empty without colours, or if all tokens ran as many layers.
    private static func legend(_ map: DepthMap, _ palette: DepthPalette) -> String {
        guard map.steps.count > 1, palette != .none else { return "" }
        let steps = map.steps.map { palette.paint(" \($0.layersText) ", shade: map.shade(of: $0), layers: $0) }
        return steps.joined() + " layers\n\n"
    }

    private static func histogram(_ map: DepthMap) -> String {
        TextTable(
            rows: map.usage.enumerated().map { layer, share in
                let filled = Int((Double(barWidth) * share).rounded())
                let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: barWidth - filled)
                return ["layer \(layer)", bar, String(format: "%.0f %%", 100 * share)]
            }
        ).text
    }
}
