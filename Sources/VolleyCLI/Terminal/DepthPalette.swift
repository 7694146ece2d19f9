import Foundation
import Measuring
import Volley

/// How a terminal shows the depth map: in 24-bit colours, in 256 colours, or with numbers.
enum DepthPalette {
    case trueColour
    case indexed
    case none

    /// `none` if standard output is not a terminal, the terminal lacks 256 colours, or NO_COLOR is set (no-color.org).
    static func forStandardOutput() -> DepthPalette {
        StandardOutput.isTerminal ? of(ProcessInfo.processInfo.environment) : .none
    }

    static func of(_ environment: [String: String]) -> DepthPalette {
        guard (environment["NO_COLOR"] ?? "").isEmpty, let terminal = environment["TERM"], terminal != "dumb" else {
            return .none
        }
        if ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "") { return .trueColour }
        return terminal.contains("256color") ? .indexed : .none
    }

    /// `text` on the blue of `shade`, or followed by the number of layers if there are no colours.
    func paint(_ text: String, shade: Double, layers: Double) -> String {
        switch self {
        case .trueColour:
            let colour = BlueScale.colour(shade)
            let foreground = BlueScale.takesDarkText(shade) ? "16;21;28" : "244;248;253"
            return coloured(
                text, "\u{1B}[48;2;\(colour.red);\(colour.green);\(colour.blue);38;2;\(foreground)m")
        case .indexed:
            let foreground = BlueScale.takesDarkText(shade) ? 16 : 231
            return coloured(text, "\u{1B}[48;5;\(BlueScale.code(shade));38;5;\(foreground)m")
        case .none: return "\(text)[\(layers.layersText)]"
        }
    }

    /// Ends the colour before each line break; otherwise the terminal would fill the rest of the line.
    private func coloured(_ text: String, _ start: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : "\(start)\($0)\u{1B}[0m" }.joined(separator: "\n")
    }
}
