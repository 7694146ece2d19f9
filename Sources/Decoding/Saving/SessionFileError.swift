public import Foundation

/// A session that cannot be saved or restored, in one sentence.
public enum SessionFileError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be read, for the system's `reason`.
    case unreadable(path: String, reason: String)
    /// The file cannot be written, for the system's `reason`.
    case unwritable(path: String, reason: String)
    /// The file does not begin as a saved session does.
    case notASession(path: String)
    /// Another version of this package saved the session.
    case otherVersion(path: String, version: Int, supported: Int)
    /// The file is truncated, or was changed since it was written.
    case damaged(path: String, problem: String)
    /// The file has tokens, but not the messages of a conversation.
    case noConversation(path: String)
    /// Another model, or the same one with other weights, saved the session.
    case otherModel(path: String, saved: String, given: String)
    /// The session was saved with another value of an option that keys, values or logits depend on.
    case otherOption(path: String, option: String, saved: String, given: String)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): cannot be read: \(reason); check the path and its permissions"
        case .unwritable(let path, let reason):
            "\(path): cannot be written: \(reason); check the free space and the permissions"
        case .notASession(let path):
            "\(path): is not a saved session; give a file that a session was saved to"
        case .otherVersion(let path, let version, let supported):
            "\(path): has version \(version) of the format of saved sessions, and this program reads version "
                + "\(supported); restore it with the program that saved it"
        case .damaged(let path, let problem):
            "\(path): \(problem); the file is damaged: begin a new session"
        case .noConversation(let path):
            "\(path): holds a session without its conversation's messages; continue it with the program that saved it"
        case .otherModel(let path, let saved, let given):
            "\(path): was saved from the model '\(saved)', whose sizes or weights are not those of '\(given)'; restore it "
                + "with the model that saved it"
        case .otherOption(let path, let option, let saved, let given):
            "\(path): was saved with \(option) \(saved), but is to be restored with \(given); restore it with the same "
                + "options"
        }
    }
}

extension SessionFileError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
