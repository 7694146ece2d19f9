/// How much a template may do, so that a hostile one can use neither time, stack nor memory without bound.
package struct Limits: Sendable {
    /// Bytes of the template's source.
    package var sourceBytes = 4 << 20
    /// Steps of one rendering: expressions, statements, elements visited, and each 16 bytes of text that is scanned.
    package var steps = 10_000_000
    /// Nested expressions, blocks and calls; also containers inside containers.
    package var depth = 500
    /// Bytes of the text that a rendering writes.
    package var outputBytes = 64 << 20
    /// Bytes of all values that a rendering makes, whether still alive or not.
    package var memory = 256 << 20

    package init() {}
}
