import Foundation
import Measuring
import Volley

/// Shows a race on a terminal: one line per plan, redrawn as tokens come.
final class RaceView {
    private let width: Int
    private let palette: CyclePalette?
    private var shownLines = 0
    private var lastShown = ContinuousClock.now - .seconds(1)

    private static let frame = Duration.milliseconds(40)

    /// Nil if standard error is not a terminal, or cannot redraw lines.
    static func forStandardError() -> RaceView? {
        guard StandardError.isTerminal, ProcessInfo.processInfo.environment["TERM"] != "dumb" else { return nil }
        return RaceView(width: StandardError.width ?? 80, palette: .forStandardError())
    }

    private init(width: Int, palette: CyclePalette?) {
        self.width = width
        self.palette = palette
    }

    /// Draws the race, unless it was drawn within the last 40 ms.
    func show(_ race: Race) {
        guard ContinuousClock.now - lastShown >= Self.frame else { return }
        draw(race)
    }

    /// Shows the finish for a moment.
    func linger(_ race: Race) {
        draw(race)
        Thread.sleep(forTimeInterval: 0.7)
    }

    /// Clears the race.
    func end() {
        guard shownLines > 0 else { return }
        StandardError.write("\u{1B}[\(shownLines)A\u{1B}[J")
        shownLines = 0
    }

    private func draw(_ race: Race) {
        lastShown = .now
        let nameWidth = max(7, race.lanes.map(\.plan.title.count).max() ?? 0) + 1
        let lines = race.lanes.map { line($0, nameWidth) + "\u{1B}[K\n" }
        let up = shownLines > 0 ? "\u{1B}[\(shownLines)A" : ""
        StandardError.write(up + lines.joined())
        shownLines = lines.count
    }

    /// The plan's name, the end of its text, its number of tokens, time and speed.
    private func line(_ lane: Race.Lane, _ nameWidth: Int) -> String {
        let name = lane.plan.title.padding(toLength: nameWidth, withPad: " ", startingAt: 0)
        let speed = lane.seconds > 0 ? Double(lane.tokens.count - 1) / lane.seconds : 0
        let figures = String(
            format: "%4d tokens  %5.2f s  %5.0f/s%@", lane.tokens.count, lane.seconds, speed, lane.isDone ? " ■" : "  ")
        let room = max(8, width - name.count - figures.count - 2)
        return name + tail(of: lane.tokens, room: room) + "  " + figures
    }

    /// The last characters that fit on one line, coloured by cycle index.
    private func tail(of tokens: [GeneratedToken], room: Int) -> String {
        var (shown, left) = ([String](), room)
        for token in tokens.reversed() where left > 0 && !token.text.isEmpty {
            let text = String(token.text.map { $0.isNewline ? "↵" : $0 }.suffix(left))
            left -= text.count
            shown.append(palette?.paint(text, cycleIndex: token.cycleIndex) ?? text)
        }
        return shown.reversed().joined() + String(repeating: " ", count: left)
    }
}
