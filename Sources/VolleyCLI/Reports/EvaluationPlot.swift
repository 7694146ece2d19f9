import Foundation

/// A plot of quality kept against speedup or tokens per trunk pass, with one point per plan, as SVG 1.1.
struct EvaluationPlot {
    struct Point {
        let name: String
        /// Speed over that of vanilla, or tokens per trunk pass.
        let gain: Double
        /// The share of vanilla's right answers that the plan keeps.
        let kept: Double
    }

    let points: [Point]
    /// The name of the horizontal axis.
    let axis: String
    /// Follows the numbers of the horizontal axis.
    let unit: String

    private static let size = (width: 640.0, height: 420.0)
    private static let margin = (left: 64.0, right: 24.0, top: 24.0, bottom: 52.0)

    private var gains: ClosedRange<Double> { Self.padded(points.map(\.gain), including: 1) }
    private var shares: ClosedRange<Double> { Self.padded(points.map(\.kept), including: 1) }

    var svg: String {
        let size = Self.size
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(Int(size.width)) \#(Int(size.height))" font-family="sans-serif" font-size="13">"#,
            #"<rect width="100%" height="100%" fill="white"/>"#,
        ]
        for share in Self.ticks(shares) {
            let y = Self.number(self.y(at: share))
            lines.append(
                #"<path d="M\#(Self.margin.left) \#(y)H\#(size.width - Self.margin.right)" stroke="lightgrey"/>"#)
            lines.append(
                Self.text(
                    String(format: "%.4g %%", 100 * share), x: Self.margin.left - 8, y: self.y(at: share) + 4,
                    anchor: "end"))
        }
        for gain in Self.ticks(gains) {
            let x = Self.number(self.x(at: gain))
            lines.append(
                #"<path d="M\#(x) \#(Self.margin.top)V\#(size.height - Self.margin.bottom)" stroke="lightgrey"/>"#)
            lines.append(
                Self.text(
                    String(format: "%.4g", gain) + unit, x: self.x(at: gain),
                    y: size.height - Self.margin.bottom + 18,
                    anchor: "middle"))
        }
        lines.append(Self.text(axis, x: size.width / 2, y: size.height - 12, anchor: "middle"))
        lines.append(Self.text("right answers kept", x: Self.margin.left, y: 15, anchor: "start"))
        for point in points {
            let (x, y) = (self.x(at: point.gain), self.y(at: point.kept))
            lines.append(#"<circle cx="\#(Self.number(x))" cy="\#(Self.number(y))" r="5" fill="steelblue"/>"#)
            lines.append(Self.text(point.name, x: x, y: y - 10, anchor: "middle"))
        }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private func x(at gain: Double) -> Double {
        let width = Self.size.width - Self.margin.left - Self.margin.right
        return Self.margin.left + width * (gain - gains.lowerBound) / (gains.upperBound - gains.lowerBound)
    }

    private func y(at share: Double) -> Double {
        let height = Self.size.height - Self.margin.top - Self.margin.bottom
        return Self.margin.top + height * (shares.upperBound - share) / (shares.upperBound - shares.lowerBound)
    }

    /// The values' range, extended by a tenth on both sides.
    private static func padded(_ values: [Double], including value: Double) -> ClosedRange<Double> {
        let (low, high) = (min(values.min() ?? value, value), max(values.max() ?? value, value))
        let padding = max(high - low, 0.02) / 10
        return low - padding...high + padding
    }

    /// Four to ten round numbers in a range.
    private static func ticks(_ range: ClosedRange<Double>) -> [Double] {
        let span = range.upperBound - range.lowerBound
        let power = pow(10, (log10(span / 4)).rounded(.down))
        let step = [5.0, 2, 1].map { $0 * power }.first { span / $0 >= 4 } ?? power
        let first = (range.lowerBound / step).rounded(.up) * step
        return stride(from: first, through: range.upperBound, by: step).map { ($0 / step).rounded() * step }
    }

    private static func number(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func text(_ text: String, x: Double, y: Double, anchor: String) -> String {
        #"<text x="\#(number(x))" y="\#(number(y))" text-anchor="\#(anchor)">\#(text)</text>"#
    }
}
