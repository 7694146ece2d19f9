import Models
import Tokens

extension Generator {
    /// Writes the tokens, and what was computed for them, to a file. After a plan with weights of its own, the file holds the tokens
    /// alone, and a restored generator computes the rest again.
    ///
    /// - Parameter conversation: the messages behind the tokens, for whoever restores the file.
    /// - Throws: `SessionFileError.unwritable`; `SessionError` for invalid options; `SessionError.cacheOverflow`.
    package func save(to path: String, conversation: [ChatMessage] = []) throws {
        try options.check()
        let sequence: TokenSequence
        if let lane, lane.engine.stack.layers.elementsEqual(model.stack.layers, by: ===) {
            sequence = lane.sequence
            sequence.forgetDrafts()
            try sequence.checkCache()
        } else {
            sequence = TokenSequence(model.configuration, options: options)
            if !tokens.isEmpty { try sequence.begin(tokens) }
        }
        try SessionFile.save(sequence, conversation, of: model, to: path)
    }

    /// Continues from a file that `save` wrote. Called before the first generation.
    ///
    /// - Returns: the messages that `save` was given.
    /// - Throws: `SessionFileError`; `SessionError` for invalid options; `SessionError.threadRefused`.
    @discardableResult
    package func restore(from path: String) throws -> [ChatMessage] {
        try options.check()
        let restored = try SessionFile.restore(from: path, model: model, options: options)
        let engine = try Engine(restored.model.stack, options: options, draft: model.draft?.stack)
        lane = Lane(restored.model, engine: engine, sequence: restored.sequence)
        return restored.conversation
    }

    /// An independent generator with the same tokens and what was computed for them. A generation in progress stays with this one.
    ///
    /// - Throws: `SessionError.threadRefused`.
    package func fork() throws -> Generator {
        let fork = Generator(model, options: options)
        if let lane {
            fork.lane = Lane(
                model, engine: try Engine(lane.engine.stack, options: options, draft: model.draft?.stack),
                sequence: lane.sequence.copy())
        }
        return fork
    }
}
