/// A plain table with aligned columns: words to the left, numbers to the right.
struct TextTable {
    let text: String

    init(header: [String]? = nil, rows: [[String]]) {
        let all = (header.map { [$0] } ?? []) + rows
        let columnCount = all.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            all.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        let areNumbers = (0..<columnCount).map { column in
            column > 0 && header != nil && rows.allSatisfy { $0[column] == "–" || $0[column].first?.isNumber == true }
        }
        text = all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += (column > 0 ? "  " : "") + (areNumbers[column] ? padding + cell : cell + padding)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
