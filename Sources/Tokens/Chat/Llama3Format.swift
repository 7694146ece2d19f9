import Foundation

/// Llama 3's format: a header with the role, the trimmed content, `<|eot_id|>`.
struct Llama3Format: Sendable {
    private let begin: String
    private let trimsContent: Bool
    /// Llama 3.1 and later open with a system turn that says dates.
    private let today: Today?

    fileprivate enum Today {
        case fixed(String)
        case clock
    }

    /// Nil where `source` is no such template.
    init?(_ source: String, begin: String) {
        let literals = TemplateLiterals(source)
        guard literals.contain("<|start_header_id|>"), literals.contain("<|eot_id|>") else { return nil }
        self.begin = source.utf8.firstRange(of: "bos_token".utf8) == nil ? "" : begin
        trimsContent = source.trimsContent
        if !literals.contain("Cutting Knowledge Date: December 2023\n") {
            today = nil
        } else if source.utf8.firstRange(of: "strftime_now".utf8) != nil {
            today = .clock
        } else {
            today = .fixed("26 Jul 2024")
        }
    }

    func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) -> String {
        var text = begin
        var turns = messages[...]
        if let today {
            let system = turns.first?.role == "system" ? turns.removeFirst().content : ""
            let dates = "Cutting Knowledge Date: December 2023\nToday Date: \(today.text)\n\n"
            text += turn("system", dates + system.trimmed(\.isPythonSpace))
        }
        for message in turns {
            text += turn(message.role, trimsContent ? message.content.trimmed(\.isPythonSpace) : message.content)
        }
        return addGenerationPrompt ? text + header("assistant") : text
    }

    private func header(_ role: String) -> String { "<|start_header_id|>\(role)<|end_header_id|>\n\n" }

    private func turn(_ role: String, _ content: String) -> String { header(role) + content + "<|eot_id|>" }
}

extension Llama3Format.Today {
    /// As `26 Jul 2024`.
    fileprivate var text: String {
        switch self {
        case .fixed(let date): return date
        case .clock:
            let formatter = DateFormatter()
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.dateFormat = "dd MMM yyyy"
            return formatter.string(from: Date())
        }
    }
}
