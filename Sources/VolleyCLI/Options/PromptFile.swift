import Foundation

/// Text files of prompts, one per line.
enum PromptFile {
    /// The prompts of all files. Empty lines are skipped.
    ///
    /// - Throws: `StreamError`, or `PromptFileError` for a file without prompts.
    static func prompts(of paths: [String]) throws -> [String] {
        try paths.flatMap { path in
            let lines = try TextInput.file(path).split(whereSeparator: \.isNewline).map(String.init)
            let prompts = lines.filter { !$0.allSatisfy(\.isWhitespace) }
            guard !prompts.isEmpty else { throw PromptFileError.empty(path: path) }
            return prompts
        }
    }
}
