import Models

extension Generator {
    /// The embedding of a text: [hidden], of length 1. The generator's own tokens stay unchanged.
    ///
    /// - Throws: `SessionError` if the prompt is invalid, if keys or values do not fit the cache, or if hidden states are not finite;
    ///   `CancellationError`.
    package func embedding(
        of tokens: [Int], pooling: EmbeddingPooling, plan: any DecodePlan
    ) throws -> [Float] {
        let lane = try lane(for: plan)
        if self.lane == nil { self.lane = lane }
        let sequence = lane.engine.makeSequence()
        try sequence.begin(tokens, plan: plan)
        var sums = [Double](repeating: 0, count: model.configuration.hiddenSize)
        let isDone = lane.engine.run(
            [sequence],
            wanted: .states { position, state in
                guard pooling == .mean || position == tokens.count - 1 else { return }
                for index in sums.indices { sums[index] += Double(state[index]) }
            }, isCancelled: { Task.isCancelled })
        guard isDone else { throw CancellationError() }
        try sequence.checkCache()
        let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0, length.isFinite else { throw SessionError.embeddingNotFinite }
        return sums.map { Float($0 / length) }
    }
}
