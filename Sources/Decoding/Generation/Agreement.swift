/// How often vanilla would have chosen a generation's own tokens, given those before.
public struct Agreement: Sendable, Equatable {
    /// Tokens of one place in the cycle.
    public struct Count: Sendable, Equatable {
        /// Tokens that vanilla would have chosen.
        public internal(set) var agreeing = 0
        public internal(set) var total = 0
    }

    /// Vanilla's choice for each token of the answer, in order. The last ones are missing while a cycle runs.
    public private(set) var choices: [Int] = []
    /// Tokens by the cycle index of the pass that emitted them. The first token, which the prompt's pass emits, counts as index 0.
    public private(set) var byCycleIndex: [Count] = []
    private var tokens: [Int] = []
    private var cycleIndices: [Int] = []

    package init() {}

    /// Tokens that vanilla would have chosen, among those judged so far.
    public var agreeing: Int { byCycleIndex.reduce(0) { $0 + $1.agreeing } }
    /// Tokens judged so far.
    public var total: Int { byCycleIndex.reduce(0) { $0 + $1.total } }
    /// The share of tokens that vanilla would have chosen; 1 for none.
    public var share: Double { total > 0 ? Double(agreeing) / Double(total) : 1 }

    /// Whether some token is not judged yet.
    var isBehind: Bool { choices.count < tokens.count }

    mutating func add(token: Int, cycleIndex: Int?) {
        tokens.append(token)
        cycleIndices.append(cycleIndex ?? 0)
        if choices.count >= tokens.count { judge(tokens.count - 1) }
    }

    mutating func add(choice: Int) {
        choices.append(choice)
        if choices.count <= tokens.count { judge(choices.count - 1) }
    }

    private mutating func judge(_ index: Int) {
        let place = cycleIndices[index]
        while byCycleIndex.count <= place { byCycleIndex.append(Count()) }
        byCycleIndex[place].total += 1
        if tokens[index] == choices[index] { byCycleIndex[place].agreeing += 1 }
    }
}
