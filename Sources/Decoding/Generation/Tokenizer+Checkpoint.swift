import Foundation
import Tokens
import Weights

extension Tokenizer {
    /// The checkpoint's tokenizer; nil if it has none.
    ///
    /// - Throws: `TokenizerError` if the tokenizer cannot be read.
    package init?(_ source: TokenizerSource) throws(TokenizerError) {
        switch source {
        case .directory(let path):
            guard
                ["tokenizer.json", "tokenizer.model"].contains(where: { name in
                    FileManager.default.fileExists(atPath: path + "/" + name)
                })
            else { return nil }
            try self.init(directory: path)
        case .gguf(let metadata):
            guard let vocabulary = GGUFVocabulary(metadata) else { return nil }
            try self.init(gguf: vocabulary)
        }
    }

    /// The checkpoint's tokenizer, or why it is not used. With a tokenizer that is not implemented, such as SentencePiece, the
    /// model still runs on token ids.
    static func orRefusal(
        _ source: TokenizerSource
    ) throws(TokenizerError) -> (tokenizer: Tokenizer?, refusal: TokenizerError?) {
        do throws(TokenizerError) {
            return (try Tokenizer(source), nil)
        } catch {
            guard case .unsupported = error else { throw error }
            return (nil, error)
        }
    }
}

extension GGUFVocabulary {
    /// Nil if the file has no tokenizer.
    fileprivate init?(_ metadata: GGUFTokenizerMetadata) {
        guard let model = metadata.model else { return nil }
        let others: [GGUFVocabulary.SpecialToken: Int?] = [
            .unknown: metadata.unknownID, .separator: metadata.separatorID, .padding: metadata.paddingID,
            .mask: metadata.maskID,
        ]
        self.init(
            model: model, pre: metadata.pre, tokens: metadata.tokens, merges: metadata.merges,
            tokenTypes: metadata.tokenTypes, beginID: metadata.beginID, endID: metadata.endID,
            endOfTurnID: metadata.endOfTurnID, addsBegin: metadata.addsBegin, addsEnd: metadata.addsEnd,
            otherSpecialIDs: others.compactMapValues(\.self), chatTemplates: metadata.chatTemplates)
    }
}
