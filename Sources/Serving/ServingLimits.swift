import Foundation

/// How much a server takes on at once, and of one request.
package struct ServingLimits: Sendable {
    /// Most sequences that are decoded together.
    package var batchSize = 8
    /// Most sequences that wait.
    package var queueLength = 64
    /// Most bytes of keys and values.
    package var kvByteCount = Int(clamping: ProcessInfo.processInfo.physicalMemory / 4)
    /// Most tokens of a prompt; nil leaves it to the context.
    package var promptTokens: Int?
    /// Most tokens of an answer, and what a chat gets that asks for no number.
    package var answerTokens = 1024
    /// Most bytes of a request's body.
    package var bodyByteCount = 4 << 20
    /// Most answers to one request.
    package var choices = 16
    /// Largest factor that a request may ask for.
    package var factor = 16

    package init() {}

    /// Batches that the server is made for.
    package static let batchSizes = 1...32
}
