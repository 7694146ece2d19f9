import Foundation
import Tokens
import Weights

extension Tokenizer {
    /// A checkpoint's tokenizer, or nil for a directory that has none.
    ///
    /// - Throws: `TokenizerError` where it has one that we cannot read.
    package init?(_ source: TokenizerSource) throws {
        switch source {
        case .directory(let path):
            guard FileManager.default.fileExists(atPath: path + "/tokenizer.json") else { return nil }
            try self.init(directory: path)
        case .gguf(let metadata):
            guard let vocabulary = GGUFVocabulary(metadata) else { return nil }
            try self.init(gguf: vocabulary)
        }
    }
}

extension GGUFVocabulary {
    /// Nil for a file that has no tokenizer.
    fileprivate init?(_ metadata: GGUFTokenizerMetadata) {
        guard let model = metadata.model else { return nil }
        self.init(
            model: model, pre: metadata.pre ?? "default", tokens: metadata.tokens, merges: metadata.merges,
            tokenTypes: metadata.tokenTypes, beginID: metadata.beginID, endID: metadata.endID,
            endOfTurnID: metadata.endOfTurnID, addsBegin: metadata.addsBegin, addsEnd: metadata.addsEnd,
            chatTemplate: metadata.chatTemplate)
    }
}
