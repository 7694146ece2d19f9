/// A Markdown table with aligned columns: words to the left, numbers to the right.
struct MarkdownTable {
    let text: String

    init(header: [String], rows: [[String]]) {
        let widths = header.indices.map { column in max(3, ([header] + rows).map { $0[column].count }.max() ?? 0) }
        let areFigures = header.indices.map { column in
            rows.allSatisfy { ["", "–"].contains($0[column]) || $0[column].first?.isNumber == true }
        }
        func line(_ cells: [String]) -> String {
            let padded = cells.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - cells[column].count)
                return areFigures[column] ? padding + cells[column] : cells[column] + padding
            }
            return "| " + padded.joined(separator: " | ") + " |\n"
        }
        let rule = header.indices.map { column in
            String(repeating: "-", count: widths[column] - 1) + (areFigures[column] ? ":" : "-")
        }
        text = ([header, rule] + rows).map(line).joined()
    }
}
