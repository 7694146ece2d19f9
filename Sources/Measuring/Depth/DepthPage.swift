import Foundation
import Models

/// A depth map as one HTML file that needs nothing else: the text in blues, how often each layer ran, and who ran what.
package struct DepthPage {
    package let html: String

    package init(_ map: DepthMap) {
        html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(map.model.escaped), \(map.plan.escaped): layers by token</title>
            <style>\(Self.css)</style>
            </head>
            <body>
            <main>
            <h1>\(map.model.escaped), \(map.plan.escaped)</h1>
            <p class="note">\(Self.sentence(map)) \(Self.legend(map))</p>
            \(Self.text(map))
            <h2>How many of the tokens ran each layer</h2>
            \(Self.histogram(map))
            <h2>Who ran what</h2>
            \(Self.grid(map))
            </main>
            </body>
            </html>

            """
    }

    private static func sentence(_ map: DepthMap) -> String {
        func figures(_ summary: DepthSummary) -> String {
            String(format: "%.2f (variance %.2f)", summary.mean, summary.variance)
        }
        let answer = map.tokens.allSatisfy(\.isPrompt) ? "" : ", the answer’s \(figures(map.answer))"
        return "Of \(map.layerCount) layers, a token of the prompt ran \(figures(map.prompt))\(answer)."
    }

    /// From the fewest layers to the most; nothing where all tokens ran as many.
    private static func legend(_ map: DepthMap) -> String {
        guard map.steps.count > 1 else { return "" }
        let steps = map.steps.map { used in
            "<span style=\"\(style(map.shade(of: used)))\">\(used.layersText)</span>"
        }
        return "<span class=\"legend\">\(steps.joined())</span>"
    }

    private static func text(_ map: DepthMap) -> String {
        let words = map.tokens.map { token in
            let kind = token.isPrompt ? "prompt" : "answer"
            return """
                <span class="\(kind)" style="\(style(map.shade(of: token)))" title="\(token.layersUsed.layersText) layers">\
                \(token.shownText.escaped)</span>
                """
        }
        return "<p class=\"map\">\(words.joined())</p>\n<p class=\"note\">The answer is underlined.</p>"
    }

    private static func style(_ shade: Double) -> String {
        let text = BlueScale.takesDarkText(shade) ? "#10151c" : "#f4f8fd"
        return "background:\(BlueScale.colour(shade).hexadecimal);color:\(text)"
    }

    /// A bar for each layer.
    private static func histogram(_ map: DepthMap) -> String {
        let (left, height, step) = (70, 18, 22)
        let bars = map.usage.enumerated().map { layer, share in
            let y = layer * step
            return """
                <text x="0" y="\(y + 14)">layer \(layer)</text>\
                <rect class="back" x="\(left)" y="\(y)" width="400" height="\(height)" rx="2"/>\
                <rect class="bar" x="\(left)" y="\(y)" width="\(String(format: "%.1f", 400 * share))" height="\(height)" rx="2"/>\
                <text x="\(left + 410)" y="\(y + 14)">\(String(format: "%.0f", 100 * share)) %</text>
                """
        }
        return """
            <svg viewBox="0 0 540 \(map.layerCount * step)" style="max-width:540px" role="img" aria-label="usage by layer">
            \(bars.joined(separator: "\n"))
            </svg>
            """
    }

    /// A column for each token, a row for each layer, the first below.
    private static func grid(_ map: DepthMap) -> String {
        let (cell, left) = (12, 30)
        let columns = map.tokens.indices.map { position in
            (0..<map.layerCount).filter { map.depths.ran($0, at: position) }.map { layer in
                """
                <rect class="bar" x="\(left + position * cell)" y="\((map.layerCount - 1 - layer) * cell)" \
                width="\(cell - 1)" height="\(cell - 1)" opacity="\(map.depths.share(layer, at: position).layersText)"/>
                """
            }.joined()
        }
        let (width, height) = (left + map.tokens.count * cell, map.layerCount * cell)
        let labels = Set([0, map.layerCount - 1]).map { layer in
            "<text x=\"0\" y=\"\((map.layerCount - 1 - layer) * cell + 10)\">\(layer)</text>"
        }
        return """
            <div class="scroll"><svg width="\(width)" height="\(height)" role="img" aria-label="layers by token">
            <rect class="back" x="\(left)" y="0" width="\(width - left)" height="\(height)"/>
            \((labels + columns).joined(separator: "\n"))
            </svg></div>
            <p class="note">A column for each token, from the first layer below to the last above; blue where it ran.</p>
            """
    }

    private static let css = """

        :root{--text:#1c1d1f;--soft:#5c6066;--page:#fbfbfa;--line:#dfe4ea;--bar:#2f6fb5;color-scheme:light dark}
        @media (prefers-color-scheme:dark){:root{--text:#e6e7e8;--soft:#9ba1a8;--page:#16181b;--line:#2b3036;\
        --bar:#6aa5e6}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
        main{max-width:980px;margin:0 auto;padding:1.5rem 1rem}
        h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .8rem}
        .note{color:var(--soft);font-size:.9rem}
        .legend span{padding:.1em .5em;font-variant-numeric:tabular-nums}
        .map{white-space:pre-wrap;overflow-wrap:anywhere;font:15px/2 ui-monospace,monospace}
        .map span{padding:.15em 0;border-radius:2px}.answer{border-bottom:3px solid var(--text)}
        .scroll{overflow-x:auto}svg{display:block}
        svg text{fill:var(--text);font-size:12px}.back{fill:var(--line)}.bar{fill:var(--bar)}

        """
}
