import Foundation

/// How much a server takes on at once, and of one request.
public struct ServingLimits: Sendable {
    /// Most sequences that are decoded together.
    public var batchSize = 8
    /// Most sequences that wait.
    public var queueLength = 64
    /// Most bytes of keys and values.
    public var kvByteCount = Int(clamping: ProcessInfo.processInfo.physicalMemory / 4)
    /// Most tokens of a prompt; nil leaves it to the context.
    public var promptTokens: Int?
    /// Most tokens of an answer, and what a chat gets that asks for no number.
    public var answerTokens = 1024
    /// Most bytes of a request's body.
    public var bodyByteCount = 4 << 20
    /// Most answers to one request.
    public var choices = 16
    /// Largest factor that a request may ask for.
    public var factor = 16

    public init() {}

    /// Batches that the server is made for.
    public static let batchSizes = 1...32
}
