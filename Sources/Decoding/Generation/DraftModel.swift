import Models

/// A smaller model that drafts tokens for another one to verify.
package struct DraftModel: Sendable {
    package let name: String
    package let stack: LayerStack
}
