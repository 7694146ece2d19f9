import Volley

/// A line of a chat that begins with a slash.
enum ChatCommand {
    case factor(PlanRequest)
    case badFactor(PlanError)
    case reset
    case help
    case leave
    case unknown(String)

    static let list = """
        /mtd off|N   decode with another factor
        /reset       start a new conversation
        /help        show this list
        /exit        end the conversation (or Ctrl-D)
        """

    /// Nil for a line that does not begin with a slash.
    init?(_ line: String) {
        guard line.hasPrefix("/") else { return nil }
        let words = line.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("/mtd", 2): self.init(factor: words[1])
        case ("/reset", 1): self = .reset
        case ("/help", 1): self = .help
        case ("/exit", 1): self = .leave
        default: self = .unknown(line)
        }
    }

    private init(factor text: String) {
        do throws(PlanError) {
            self = .factor(try PlanRequest(factor: text))
        } catch {
            self = .badFactor(error)
        }
    }
}
