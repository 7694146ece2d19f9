import Measuring

/// A report on a head of its own for cycles, as text.
struct CycleHeadText {
    let text: String

    init(_ head: CycleHeadReport, listsTensors: Bool) {
        let rows = [
            ["kind", "head for cycles"], ["made for", head.base ?? "not said"],
            ["layers", "the last \(head.layerCount)"],
            ["trained for", head.trainedFactor.map { "factors up to \($0)" } ?? "not said"],
            ["trained tokens", head.trainedTokens.map(String.init) ?? "not said"],
            ["formats", Self.formats(head)], ["bytes", InspectionText.sizes(head.total)],
        ]
        text = TextTable(rows: rows).text + (listsTensors ? "\n" + InspectionText.table(head.tensors) : "")
    }

    /// The head in one line.
    static func line(_ head: CycleHeadReport) -> String {
        "the last \(head.layerCount) layers, \(formats(head)), \(InspectionText.sizes(head.total))"
    }

    private static func formats(_ head: CycleHeadReport) -> String {
        head.formats.map { "\($0.total.tensorCount) tensors in \($0.format)" }.joined(separator: ", ")
    }
}
