/// Limits on a template, so that a hostile one cannot exhaust time, stack or memory.
package struct Limits: Sendable {
    /// Maximum source length in bytes.
    package var sourceBytes = 4 << 20
    /// Steps per rendering: one per expression, statement, visited element and 16 bytes of scanned text.
    package var steps = 10_000_000
    /// Nesting depth of expressions, blocks and calls, and of containers.
    package var depth = 500
    /// Maximum output length in bytes.
    package var outputBytes = 64 << 20
    /// Total bytes of all values that a rendering creates, whether still alive or not.
    package var memory = 256 << 20

    package init() {}
}
