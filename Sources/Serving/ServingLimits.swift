import Foundation

/// Limits of a server and of each request.
package struct ServingLimits: Sendable {
    /// Most sequences in the batch.
    package var batchSize = 8
    /// Most sequences that wait for a place in the batch.
    package var queueLength = 64
    /// Most bytes of keys and values, of all sequences together.
    package var kvByteCount = Int(clamping: ProcessInfo.processInfo.physicalMemory / 4)
    /// Most tokens of a prompt; nil for the model's context length.
    package var promptTokens: Int?
    /// Most tokens of an answer; also the default for chats.
    package var answerTokens = 1024
    /// Most bytes of a request's body.
    package var bodyByteCount = 4 << 20
    /// Most choices of a request (`n`).
    package var choices = 16
    /// Whether prompts of one key may continue from what another key's prompts left.
    package var sharesPrefixes = false
    /// Whether fields that are not known are refused; otherwise they are ignored, and named in the answer's head.
    package var isStrict = false
    /// The largest factor that a request may name.
    package var factor = 16

    package init() {}

    /// Batch sizes that the server supports.
    package static let batchSizes = 1...32
}
