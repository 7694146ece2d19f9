import Models

/// The influence of each layer on the residual: BI = 1 − E[cos(x, y)] over a text's tokens, with the layer's input x and
/// output y (ShortGPT, arXiv 2403.03853).
package struct BlockInfluence: Sendable {
    /// [layer]
    package let ofLayers: [Double]

    package init(ofLayers: [Double]) { self.ofLayers = ofLayers }

    /// Runs the first 512 of `tokens` through all layers.
    ///
    /// - Throws: `SessionError` if `tokens` is empty or holds an id outside the vocabulary.
    package init(of stack: LayerStack, on tokens: [Int], options: SessionOptions) throws(SessionError) {
        let pass = try CalibrationPass(of: stack, on: tokens, options: options)
        ofLayers = stack.layers.map { layer in
            let input = pass.copiedHidden()
            pass.run([layer])
            return 1 - pass.averageCosine(with: input)
        }
    }

    /// The layers in ascending order of influence.
    package var ascending: [Int] { ofLayers.indices.sorted { (ofLayers[$0], $0) < (ofLayers[$1], $1) } }
}
