public import Decoding
import Synchronization
public import Tokens

extension Session {
    /// Removes the tokens from `count` on. The next generation continues from the tokens before.
    ///
    /// - Throws: `SessionError.truncation` unless `count` is from 0 to the number of tokens; `SessionError.busy` during a generation.
    public func truncate(to count: Int) throws(SessionError) {
        guard !isTaken.load(ordering: .acquiring) else { throw .busy }
        try generator.truncate(to: count)
    }

    /// An independent session with the same tokens, which continues as this one would. It gets a copy of the keys and values, and
    /// threads of its own. A generation in progress stays with this session.
    ///
    /// - Throws: `SessionError.threadRefused`.
    public func fork() throws -> Session {
        // Nothing else refers to the copy.
        nonisolated(unsafe) let copy = try generator.fork()
        return Session(model: model, options: options, generator: copy, measured: measured)
    }

    /// Writes the session to a file: its tokens, and what was computed for them. `Model.session(restoring:_:)` continues from it.
    ///
    /// The file is about as large as the keys and values. It appears, or replaces another, only when it is complete, and only its
    /// owner can read it. After `PlanRequest.laco`, whose weights are its own, the file holds the tokens alone, and the restored
    /// session computes the rest again.
    ///
    /// - Parameter conversation: the messages behind the tokens. `volley chat --session` continues only a file that has them.
    /// - Throws: `SessionFileError.unwritable`; `SessionError` if the session's options are invalid, or keys or values are too large
    ///   for their format.
    public func save(to path: String, conversation: [ChatMessage] = []) throws {
        try generator.save(to: path, conversation: conversation)
    }

    fileprivate func restore(from path: String) throws { savedConversation = try generator.restore(from: path) }
}

extension Model {
    /// Makes a session from a file that `Session.save(to:conversation:)` wrote. It continues as the saved session would have, bit for bit.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - options: KV format, activations, window and sinks must be those of the saved session; threads may differ.
    /// - Throws: `SessionFileError` if the file cannot be read, is damaged, or belongs to another model or other options;
    ///   `SessionError` for invalid options.
    public func session(
        restoring path: String, _ options: SessionOptions = SessionOptions()
    ) async throws -> Session {
        let session = Session(model: self, options: options)
        try await session.restore(from: path)
        return session
    }
}
