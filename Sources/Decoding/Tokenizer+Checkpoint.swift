import Foundation
import Tokens
import Weights

extension Tokenizer {
    /// A checkpoint's tokenizer, or nil for a directory that has none.
    ///
    /// - Throws: `TokenizerError` where it has one that we cannot read.
    public init?(_ source: TokenizerSource) throws {
        switch source {
        case .directory(let path):
            guard FileManager.default.fileExists(atPath: path + "/tokenizer.json") else { return nil }
            try self.init(directory: path)
        case .gguf(let metadata): return nil
        }
    }
}
