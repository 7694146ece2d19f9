/// A deterministic automaton over characters, by which patterns are intersected with each other and with limits of length.
struct TextAutomaton: Sendable {
    /// Disjoint sets of characters; a character in none of them is never accepted.
    private var classes: [CharacterRanges]
    /// The next state by state and class; −1 for none.
    private var next: [[Int]]
    private var accepts: [Bool]

    private static let stateLimit = 20_000
    /// Steps of single states while the automaton is made: about a second.
    private static let workLimit = 10_000_000
    private static let tooLarge = ConstraintError.expression(
        problem: "it needs more than \(stateLimit) states with the limits beside it; simplify it")

    /// Accepts the texts of `pattern`.
    ///
    /// - Throws: `ConstraintError.expression` if the automaton is too large.
    init(_ pattern: Pattern) throws(ConstraintError) {
        var builder = NondeterministicText()
        let end = builder.add(.end)
        let start = try builder.emit(pattern, before: end)
        classes = Self.partition(builder.sets)
        (next, accepts) = ([], [])
        var numbers: [[Int]: Int] = [:]
        var pending = [builder.closure([start])]
        numbers[pending[0]] = 0
        var done = 0
        var work = 0
        while done < pending.count {
            let state = pending[done]
            done += 1
            work += state.count * classes.count
            guard work <= Self.workLimit else { throw Self.tooLarge }
            accepts.append(state.contains(end))
            var row: [Int] = []
            for set in classes {
                let targets = builder.closure(builder.step(state, by: set))
                if targets.isEmpty {
                    row.append(-1)
                } else if let number = numbers[targets] {
                    row.append(number)
                } else {
                    guard pending.count < Self.stateLimit else { throw Self.tooLarge }
                    numbers[targets] = pending.count
                    row.append(pending.count)
                    pending.append(targets)
                }
            }
            next.append(row)
        }
    }

    /// Accepts the texts that do not hold `text` (Knuth, Morris and Pratt 1977).
    init(avoiding text: String) {
        let scalars = text.unicodeScalars.map(\.value)
        let known = Set(scalars).sorted()
        classes = known.map { CharacterRanges($0) } + [CharacterRanges(known.map { $0...$0 }).inverted]
        /// The most of `text` that ends `prefix` and then `scalar`.
        func matched(_ prefix: ArraySlice<UInt32>, _ scalar: UInt32) -> Int {
            let read = prefix + [scalar]
            return (0...min(read.count, scalars.count)).last { read.suffix($0).elementsEqual(scalars.prefix($0)) } ?? 0
        }
        next = scalars.indices.map { state in
            known.map { scalar in
                let length = matched(scalars[..<state], scalar)
                return length == scalars.count ? -1 : length
            } + [0]
        }
        accepts = scalars.map { _ in true }
    }

    /// Whether the automaton accepts `text`.
    func accepts(_ text: String) -> Bool {
        var state = 0
        for scalar in text.unicodeScalars {
            guard let index = classes.firstIndex(where: { $0.contains(scalar.value) }), next[state][index] >= 0 else {
                return false
            }
            state = next[state][index]
        }
        return accepts[state]
    }

    /// Accepts what both accept.
    func intersection(_ other: TextAutomaton) throws(ConstraintError) -> TextAutomaton {
        var pairs: [(left: Int, right: Int)] = []
        var sets: [CharacterRanges] = []
        for left in classes.indices {
            for right in other.classes.indices {
                let common = classes[left].intersection(other.classes[right])
                guard !common.isEmpty else { continue }
                pairs.append((left, right))
                sets.append(common)
            }
        }
        return try product(classes: sets) { state, number in
            let (left, right) = (self.next[state.0][pairs[number].left], other.next[state.1][pairs[number].right])
            return left >= 0 && right >= 0 ? (left, right) : nil
        } accepts: {
            self.accepts[$0.0] && other.accepts[$0.1]
        }
    }

    /// Accepts the texts of at least `minimum` and at most `maximum` characters.
    func limited(minimum: Int, maximum: Int?) throws(ConstraintError) -> TextAutomaton {
        try product(classes: classes) { state, number in
            let target = self.next[state.0][number]
            if let maximum, state.1 == maximum { return nil }
            return target >= 0 ? (target, maximum == nil ? min(state.1 + 1, minimum) : state.1 + 1) : nil
        } accepts: {
            self.accepts[$0.0] && $0.1 >= minimum
        }
    }

    private func product(
        classes: [CharacterRanges], step: (_ state: (Int, Int), _ classIndex: Int) -> (Int, Int)?,
        accepts: (_ state: (Int, Int)) -> Bool
    ) throws(ConstraintError) -> TextAutomaton {
        struct Pair: Hashable { let left: Int, right: Int }
        var product = self
        (product.classes, product.next, product.accepts) = (classes, [], [])
        var numbers = [Pair(left: 0, right: 0): 0]
        var pending = [(0, 0)]
        var done = 0
        while done < pending.count {
            let state = pending[done]
            done += 1
            product.accepts.append(accepts(state))
            var row: [Int] = []
            for number in classes.indices {
                guard let target = step(state, number) else {
                    row.append(-1)
                    continue
                }
                let pair = Pair(left: target.0, right: target.1)
                if let known = numbers[pair] {
                    row.append(known)
                } else {
                    guard pending.count < Self.stateLimit else { throw Self.tooLarge }
                    numbers[pair] = pending.count
                    row.append(pending.count)
                    pending.append(target)
                }
            }
            product.next.append(row)
        }
        return product
    }

    /// Adds the automaton to `grammar`: a rule for each state.
    func node(_ coding: CharacterCoding, in grammar: inout Grammar) -> GrammarNode {
        let rules = next.indices.map { grammar.declare("text state \($0)") }
        for (state, row) in next.enumerated() {
            let targets = Dictionary(grouping: row.indices.filter { row[$0] >= 0 }) { row[$0] }
            let steps = targets.keys.sorted().map { target in
                let set = CharacterRanges((targets[target] ?? []).flatMap { self.classes[$0].ranges })
                return GrammarNode.sequence([coding.node(set), .rule(rules[target])])
            }
            grammar.define(rules[state], as: .choice(steps + (accepts[state] ? [.empty] : [])))
        }
        return .rule(rules[0])
    }

    /// The fewest disjoint sets of which each of `sets` is a union.
    private static func partition(_ sets: [CharacterRanges]) -> [CharacterRanges] {
        let bounds = Set(sets.flatMap { $0.ranges.flatMap { [$0.lowerBound, $0.upperBound + 1] } }).sorted()
        var pieces: [[Int]: [ClosedRange<UInt32>]] = [:]
        for (low, high) in zip(bounds, bounds.dropFirst()) {
            let members = sets.indices.filter { sets[$0].contains(low) }
            if !members.isEmpty { pieces[members, default: []].append(low...high - 1) }
        }
        return pieces.values.map { CharacterRanges($0) }.sorted {
            $0.ranges[0].lowerBound < $1.ranges[0].lowerBound
        }
    }
}

/// A pattern as states with free moves.
private struct NondeterministicText {
    enum State {
        case set(Int, next: Int)
        case split([Int])
        case end
    }

    private(set) var states: [State] = []
    private(set) var sets: [CharacterRanges] = []
    private var numbers: [CharacterRanges: Int] = [:]

    private static let limit = 50_000

    mutating func add(_ state: State) -> Int {
        states.append(state)
        return states.count - 1
    }

    /// Adds `pattern`, to be followed by the state `next`. Returns its first state.
    mutating func emit(_ pattern: Pattern, before next: Int) throws(ConstraintError) -> Int {
        guard states.count < Self.limit else { throw .tooLarge(limit: Self.limit) }
        switch pattern {
        case .set(let set):
            let number = numbers[set] ?? sets.count
            if number == sets.count {
                numbers[set] = number
                sets.append(set)
            }
            return add(.set(number, next: next))
        case .sequence(let parts):
            var first = next
            for part in parts.reversed() { first = try emit(part, before: first) }
            return first
        case .choice(let parts):
            var firsts: [Int] = []
            for part in parts { firsts.append(try emit(part, before: next)) }
            return add(.split(firsts))
        case .repetition(let part, let minimum, let maximum):
            var first = next
            if let maximum {
                for _ in minimum..<maximum { first = add(.split([try emit(part, before: first), next])) }
            } else {
                let loop = add(.split([next]))
                states[loop] = .split([try emit(part, before: loop), next])
                first = loop
            }
            for _ in 0..<minimum { first = try emit(part, before: first) }
            return first
        }
    }

    /// The states that read a character or end, reached from `states` by free moves; sorted.
    func closure(_ roots: [Int]) -> [Int] {
        var (pending, seen) = (roots, Set(roots))
        var found: [Int] = []
        while let state = pending.popLast() {
            guard case .split(let targets) = states[state] else {
                found.append(state)
                continue
            }
            for target in targets where seen.insert(target).inserted { pending.append(target) }
        }
        return found.sorted()
    }

    /// The states after a character of `set`, which lies within or outside of each state's set.
    func step(_ from: [Int], by set: CharacterRanges) -> [Int] {
        guard let sample = set.ranges.first?.lowerBound else { return [] }
        return from.compactMap { state in
            guard case .set(let number, let next) = states[state], sets[number].contains(sample) else { return nil }
            return next
        }
    }
}
