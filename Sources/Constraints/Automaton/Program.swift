/// A grammar as instructions of a pushdown automaton over bytes.
///
/// The instructions of a rule lead to its `end`, which continues after the call. Every instruction can reach the end of the text:
/// those that cannot are left out of reach by `need`.
struct Program: Sendable {
    enum Instruction: Sendable {
        /// Reads a byte of the set of this number.
        case bytes(set: Int32, next: Int32)
        /// Continues at any of these `targets`.
        case split(first: Int32, count: Int32)
        /// Runs a rule, then continues.
        case call(rule: Int32, next: Int32)
        case end
    }

    /// More instructions take tens of megabytes and seconds to prepare.
    static let instructionLimit = 400_000
    /// Calls of rules within themselves that a text may be in the middle of: the depth of its nesting.
    static let recursionLimit: Int32 = 48
    private static let unreachable = Int32.max

    private(set) var instructions: [Instruction] = []
    private(set) var targets: [Int32] = []
    private(set) var sets: [ByteSet] = []
    /// The first instruction of each rule.
    private(set) var entries: [Int32] = []
    let start: Int32
    /// By instruction: the recursive calls that the shortest way to the rule's end is in the middle of at once.
    private(set) var need: [Int32] = []
    /// By instruction: whether it calls a rule that can call this one.
    private(set) var isRecursive: [Bool] = []

    /// - Parameter writable: the bytes that a text may hold.
    /// - Throws: `ConstraintError` if the grammar is too large, if a rule begins with itself, or if it describes no text.
    init(_ grammar: Grammar, writable: ByteSet) throws(ConstraintError) {
        var emitter = Emitter(grammar, writable: writable)
        start = try emitter.run()
        (instructions, targets, sets) = (emitter.instructions, emitter.targets, emitter.sets)
        entries = emitter.entries
        let graph = RuleGraph(self, owners: emitter.owners)
        if let rule = graph.leftRecursiveRule(self) { throw .leftRecursion(rule: grammar.names[rule]) }
        isRecursive = graph.recursiveCalls(self)
        need = needs()
        guard need[Int(start)] <= Self.recursionLimit else { throw .unsatisfiable }
    }

    func targets(first: Int32, count: Int32) -> ArraySlice<Int32> { targets[Int(first)..<Int(first + count)] }

    /// Whether a rule's call at the end of another needs no return.
    func isTail(_ next: Int32) -> Bool {
        if case .end = instructions[Int(next)] { true } else { false }
    }

    /// The recursive calls that each instruction needs: a byte those of what follows it, a split the fewest of its targets, a call
    /// those of what follows and of the rule itself.
    private func needs() -> [Int32] {
        leastValues { index, need in
            switch instructions[index] {
            case .end: return 0
            case .bytes(let set, let next): return sets[Int(set)].isEmpty ? Self.unreachable : need[Int(next)]
            case .split(let first, let count):
                return targets(first: first, count: count).map { need[Int($0)] }.min() ?? Self.unreachable
            case .call(let rule, let next):
                let inner = need[Int(entries[Int(rule)])]
                guard inner < Self.unreachable else { return inner }
                return max(need[Int(next)], inner + (isRecursive[index] && !isTail(next) ? 1 : 0))
            }
        }
    }

    /// By instruction: whether the end of its rule is reached without reading a byte.
    fileprivate func nullable() -> [Bool] {
        leastValues { index, value in
            switch instructions[index] {
            case .end: 0
            case .bytes: Self.unreachable
            case .split(let first, let count):
                targets(first: first, count: count).map { value[Int($0)] }.min() ?? Self.unreachable
            case .call(let rule, let next): max(value[Int(entries[Int(rule)])], value[Int(next)])
            }
        }.map { $0 == 0 }
    }

    /// The least fixed point of `value`, by instruction; `unreachable` where there is none.
    private func leastValues(_ value: (_ index: Int, _ values: [Int32]) -> Int32) -> [Int32] {
        var values = [Int32](repeating: Self.unreachable, count: instructions.count)
        var users: [[Int32]] = Array(repeating: [], count: instructions.count)
        for (index, instruction) in instructions.enumerated() {
            for other in dependencies(instruction) { users[Int(other)].append(Int32(index)) }
        }
        var pending = instructions.indices.map { Int32($0) }
        var isPending = [Bool](repeating: true, count: instructions.count)
        while let index = pending.popLast() {
            isPending[Int(index)] = false
            let new = value(Int(index), values)
            guard new < values[Int(index)] else { continue }
            values[Int(index)] = new
            for user in users[Int(index)] where !isPending[Int(user)] {
                isPending[Int(user)] = true
                pending.append(user)
            }
        }
        return values
    }

    private func dependencies(_ instruction: Instruction) -> [Int32] {
        switch instruction {
        case .bytes(_, let next): [next]
        case .split(let first, let count): Array(targets(first: first, count: count))
        case .call(let rule, let next): [entries[Int(rule)], next]
        case .end: []
        }
    }
}

/// Turns the nodes of a grammar into instructions, from back to front.
private struct Emitter {
    private(set) var instructions: [Program.Instruction] = []
    private(set) var targets: [Int32] = []
    private(set) var sets: [ByteSet] = []
    private(set) var entries: [Int32] = []
    /// The rule of each instruction; −1 for the start.
    private(set) var owners: [Int32] = []
    private var grammar: Grammar
    private let writable: ByteSet
    private var numbers: [ByteSet: Int32] = [:]
    private var owner: Int32 = -1

    init(_ grammar: Grammar, writable: ByteSet) {
        (self.grammar, self.writable) = (grammar, writable)
    }

    /// Returns the first instruction of the start.
    mutating func run() throws(ConstraintError) -> Int32 {
        let start = grammar.start
        let first = try emit(start, before: try add(.end))
        // Repetitions add rules as they are emitted.
        while entries.count < grammar.rules.count {
            owner = Int32(entries.count)
            let node = grammar.rules[entries.count]
            entries.append(-1)
            entries[Int(owner)] = try emit(node, before: try add(.end))
        }
        return first
    }

    private mutating func add(_ instruction: Program.Instruction) throws(ConstraintError) -> Int32 {
        guard instructions.count < Program.instructionLimit else {
            throw .tooLarge(limit: Program.instructionLimit)
        }
        instructions.append(instruction)
        owners.append(owner)
        return Int32(instructions.count - 1)
    }

    private mutating func split(_ firsts: [Int32]) throws(ConstraintError) -> Int32 {
        let first = Int32(targets.count)
        targets += firsts
        return try add(.split(first: first, count: Int32(firsts.count)))
    }

    private mutating func emit(_ node: GrammarNode, before next: Int32) throws(ConstraintError) -> Int32 {
        switch node {
        case .bytes(let set): return try add(.bytes(set: number(of: set.intersection(writable)), next: next))
        case .rule(let rule): return try add(.call(rule: Int32(rule), next: next))
        case .sequence(let nodes):
            var first = next
            for node in nodes.reversed() { first = try emit(node, before: first) }
            return first
        case .choice(let nodes):
            if nodes.count == 1 { return try emit(nodes[0], before: next) }
            var firsts: [Int32] = []
            for node in nodes { firsts.append(try emit(node, before: next)) }
            return try split(firsts)
        case .repetition(let node, let minimum, let maximum):
            return try repeated(shared(node, times: maximum ?? minimum + 1), minimum, maximum, before: next)
        }
    }

    /// A node of which several copies are small: a byte, or a call of a rule of its own.
    private mutating func shared(_ node: GrammarNode, times: Int) -> GrammarNode {
        switch node {
        case .bytes, .rule: node
        default: times > 1 ? grammar.add("a repeated part", node) : node
        }
    }

    private mutating func repeated(
        _ node: GrammarNode, _ minimum: Int, _ maximum: Int?, before next: Int32
    ) throws(ConstraintError) -> Int32 {
        var first = next
        if let maximum {
            for _ in minimum..<maximum { first = try split([try emit(node, before: first), next]) }
        } else {
            let loop = try split([next, next])
            guard case .split(let place, _) = instructions[Int(loop)] else { return loop }
            targets[Int(place)] = try emit(node, before: loop)
            first = loop
        }
        for _ in 0..<minimum { first = try emit(node, before: first) }
        return first
    }

    private mutating func number(of set: ByteSet) -> Int32 {
        if let number = numbers[set] { return number }
        let number = Int32(sets.count)
        numbers[set] = number
        sets.append(set)
        return number
    }
}

/// Which rules call which.
private struct RuleGraph {
    /// The rule of each instruction; −1 for the start.
    private let owners: [Int32]
    /// By rule: the number of the group of rules that call each other.
    private let groups: [Int]

    init(_ program: Program, owners: [Int32]) {
        self.owners = owners
        var calls: [[Int]] = Array(repeating: [], count: program.entries.count)
        for (index, instruction) in program.instructions.enumerated() where owners[index] >= 0 {
            if case .call(let rule, _) = instruction { calls[Int(owners[index])].append(Int(rule)) }
        }
        groups = stronglyConnectedGroups(calls)
    }

    func recursiveCalls(_ program: Program) -> [Bool] {
        program.instructions.enumerated().map { index, instruction in
            guard case .call(let rule, _) = instruction, owners[index] >= 0 else { return false }
            return groups[Int(rule)] == groups[Int(owners[index])]
        }
    }

    /// A rule that reaches itself without reading a byte; nil if there is none.
    func leftRecursiveRule(_ program: Program) -> Int? {
        let nullable = program.nullable()
        let isNullable = program.entries.map { nullable[Int($0)] }
        let calls = program.entries.map { firstCalls(from: $0, program, isNullable) }
        let groups = stronglyConnectedGroups(calls)
        var sizes: [Int: Int] = [:]
        for group in groups { sizes[group, default: 0] += 1 }
        return calls.indices.first { sizes[groups[$0]] ?? 0 > 1 || calls[$0].contains($0) }
    }

    private func firstCalls(from start: Int32, _ program: Program, _ isNullable: [Bool]) -> [Int] {
        visit(from: start, program, isNullable).compactMap {
            if case .call(let rule, _) = program.instructions[Int($0)] { Int(rule) } else { nil }
        }
    }

    /// The instructions reached without reading a byte.
    private func visit(from start: Int32, _ program: Program, _ isNullable: [Bool]) -> Set<Int32> {
        var (pending, seen) = ([start], Set([start]))
        while let index = pending.popLast() {
            var following: [Int32] = []
            switch program.instructions[Int(index)] {
            case .split(let first, let count): following = Array(program.targets(first: first, count: count))
            case .call(let rule, let next) where isNullable[Int(rule)]: following = [next]
            default: break
            }
            for next in following where seen.insert(next).inserted { pending.append(next) }
        }
        return seen
    }
}

/// Numbers the strongly connected components of a graph (Tarjan 1972), without recursion.
private func stronglyConnectedGroups(_ edges: [[Int]]) -> [Int] {
    var group = [Int](repeating: -1, count: edges.count)
    var (order, low) = ([Int](repeating: -1, count: edges.count), [Int](repeating: 0, count: edges.count))
    var (counter, groupCount) = (0, 0)
    var open: [Int] = []
    for root in edges.indices where order[root] < 0 {
        var work = [(node: root, edge: 0)]
        while let (node, edge) = work.last {
            if edge == 0 {
                (order[node], low[node]) = (counter, counter)
                counter += 1
                open.append(node)
            }
            if edge < edges[node].count {
                work[work.count - 1].edge += 1
                let target = edges[node][edge]
                if order[target] < 0 {
                    work.append((target, 0))
                } else if group[target] < 0 {
                    low[node] = min(low[node], order[target])
                }
                continue
            }
            work.removeLast()
            if let parent = work.last?.node { low[parent] = min(low[parent], low[node]) }
            guard low[node] == order[node] else { continue }
            while let member = open.popLast() {
                group[member] = groupCount
                if member == node { break }
            }
            groupCount += 1
        }
    }
    return group
}
