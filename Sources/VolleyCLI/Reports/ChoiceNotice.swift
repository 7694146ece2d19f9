import Foundation
import Volley

/// The choices of a plan that chooses before each cycle.
enum ChoiceNotice {
    /// One sentence; nil if nothing was chosen, or too little to tell.
    static func text(for chooser: PlanChooser?) -> String? {
        guard let chooser else { return nil }
        let total = chooser.records.reduce(0) { $0 + $1.tokenCount }
        guard total > 0 else { return nil }
        let parts = chooser.records.filter { $0.tokenCount > 0 }.sorted { $0.tokenCount > $1.tokenCount }.map {
            record in
            String(format: "%@ %.0f %%", record.plan.name, 100 * Double(record.tokenCount) / Double(total))
        }
        let speedup = chooser.speedup.map { String(format: ": %.2f times the speed of its plain cycles", $0) } ?? ""
        return "auto decoded by " + parts.joined(separator: ", ") + speedup
    }
}
