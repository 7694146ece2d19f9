import Foundation
import Models

/// A depth map as one HTML file without external resources: the text in shades of blue, how often each layer ran, and which
/// token ran which layers.
package struct DepthPage {
    package let html: String

    package init(_ map: DepthMap) { html = PageTemplates.render(Contents(map), as: "depth") }
}

/// The properties that `depth.mustache` names.
private struct Contents {
    let heading: String
    let sentence: String
    let hasLegend: Bool
    let legend: [Step]
    let tokens: [Token]
    let histogram: Histogram
    let grid: Grid

    struct Step {
        let style: String
        let layers: String
    }

    struct Token {
        let kind: String
        let style: String
        let layers: String
        let text: String
    }

    /// A bar for each layer.
    struct Histogram {
        let height: Int
        let bars: [Bar]
    }

    struct Bar {
        let layer: Int
        let baseline: Int
        let y: Int
        let length: String
        let percent: String
    }

    /// A column for each token, a row for each layer, the first at the bottom.
    struct Grid {
        let left: Int
        let width: Int
        let backWidth: Int
        let height: Int
        let labels: [Label]
        let columns: [[Cell]]
    }

    struct Label {
        let layer: Int
        let y: Int
    }

    struct Cell {
        let x: Int
        let y: Int
        /// In each cell, so that Mustache need not search the grid for it.
        let side: Int
        let share: String
    }
}

extension Contents {
    fileprivate init(_ map: DepthMap) {
        heading = "\(map.model), \(map.plan)"
        sentence = Self.sentence(map)
        // From the fewest layers to the most; none where all tokens ran as many.
        hasLegend = map.steps.count > 1
        legend = map.steps.map { Step(style: Self.style(map.shade(of: $0)), layers: $0.layersText) }
        tokens = map.tokens.map { token in
            Token(
                kind: token.isPrompt ? "prompt" : "answer", style: Self.style(map.shade(of: token)),
                layers: token.layersUsed.layersText, text: token.shownText)
        }
        histogram = Histogram(map)
        grid = Grid(map)
    }

    private static func sentence(_ map: DepthMap) -> String {
        func figures(_ summary: DepthSummary) -> String {
            String(format: "%.2f (variance %.2f)", summary.mean, summary.variance)
        }
        let answer = map.tokens.allSatisfy(\.isPrompt) ? "" : ", the answer’s \(figures(map.answer))"
        return "Of \(map.layerCount) layers, a token of the prompt ran \(figures(map.prompt))\(answer)."
    }

    private static func style(_ shade: Double) -> String {
        let text = BlueScale.takesDarkText(shade) ? "#10151c" : "#f4f8fd"
        return "background:\(BlueScale.colour(shade).hexadecimal);color:\(text)"
    }
}

extension Contents.Histogram {
    fileprivate init(_ map: DepthMap) {
        let step = 22
        height = map.layerCount * step
        bars = map.usage.enumerated().map { layer, share in
            Contents.Bar(
                layer: layer, baseline: layer * step + 14, y: layer * step,
                length: String(format: "%.1f", 400 * share), percent: String(format: "%.0f", 100 * share))
        }
    }
}

extension Contents.Grid {
    fileprivate init(_ map: DepthMap) {
        let cell = 12
        let left = 30
        let top = map.layerCount - 1
        self.left = left
        backWidth = map.tokens.count * cell
        width = left + backWidth
        height = map.layerCount * cell
        labels = (top == 0 ? [0] : [0, top]).map { Contents.Label(layer: $0, y: (top - $0) * cell + 10) }
        columns = map.tokens.indices.map { position in
            (0..<map.layerCount).filter { map.depths.ran($0, at: position) }.map { layer in
                Contents.Cell(
                    x: left + position * cell, y: (top - layer) * cell, side: cell - 1,
                    share: map.depths.share(layer, at: position).layersText)
            }
        }
    }
}
