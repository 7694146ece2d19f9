import Models

extension Generator {
    /// Writes the tokens, and what was computed for them, to a file. After a plan with weights of its own, the file holds the tokens
    /// alone, and a restored generator computes the rest again.
    ///
    /// - Throws: `SessionFileError.unwritable`; `SessionError` for invalid options; `SessionError.cacheOverflow`.
    package func save(to path: String) throws {
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
        try SessionFile.save(sequence, of: model, to: path)
    }

    /// Continues from a file that `save` wrote. Called before the first generation.
    ///
    /// - Throws: `SessionFileError`; `SessionError` for invalid options; `SessionError.threadRefused`.
    package func restore(from path: String) throws {
        try options.check()
        let (model, sequence) = try SessionFile.restore(from: path, model: model, options: options)
        lane = Lane(engine: try Engine(model.stack, options: options), sequence: sequence)
    }

    /// An independent generator with the same tokens and what was computed for them. A generation in progress stays with this one.
    ///
    /// - Throws: `SessionError.threadRefused`.
    package func fork() throws -> Generator {
        let fork = Generator(model, options: options)
        if let lane {
            fork.lane = Lane(
                engine: try Engine(lane.engine.stack, options: options), sequence: lane.sequence.copy())
        }
        return fork
    }
}
