/// Texts in columns, each wrapped to its column's width.
struct TextColumns {
    let text: String

    /// - Parameters:
    ///   - columns: the cells of each column from top to bottom; all columns have the same number of cells.
    ///   - width: the total width in characters. Columns that would be narrower than `narrowest` are placed below the others.
    init(_ columns: [[String]], width: Int, narrowest: Int = 24) {
        let perRow = max(1, min(columns.count, (width + Self.gap.count) / (narrowest + Self.gap.count)))
        let columnWidth = max(1, (width + Self.gap.count) / perRow - Self.gap.count)
        text = stride(from: 0, to: columns.count, by: perRow).map { start in
            let shown = columns[start..<min(start + perRow, columns.count)]
            return (shown.first?.indices ?? 0..<0).map { cell in Self.row(shown.map { $0[cell] }, columnWidth) }
                .joined()
        }.joined(separator: "\n")
    }

    private static let gap = "   "

    private static func row(_ cells: [String], _ width: Int) -> String {
        let wrapped = cells.map { Self.wrapped($0, width) }
        return (0..<(wrapped.map(\.count).max() ?? 0)).map { number in
            var line = wrapped.map { lines in
                let cell = lines.indices.contains(number) ? lines[number] : ""
                return cell + String(repeating: " ", count: max(0, width - cell.count))
            }.joined(separator: gap)
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// The text's lines, wrapped to `width`, at spaces if possible.
    private static func wrapped(_ text: String, _ width: Int) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph -> [String] in
            var (lines, rest) = ([String](), paragraph)
            while rest.count > width {
                let limit = rest.index(rest.startIndex, offsetBy: width)
                let space = rest[...limit].lastIndex(of: " ").flatMap { $0 > rest.startIndex ? $0 : nil }
                lines.append(String(rest[..<(space ?? limit)]))
                rest = rest[(space.map { rest.index(after: $0) } ?? limit)...]
            }
            return lines + [String(rest)]
        }
    }
}
