/// `{% for a in b if c recursive %} … {% else %} … {% endfor %}`.
final class For: Statement {
    let target: Target
    let iterable: any Expression
    /// The condition, and the target as named in the function that evaluates it.
    let test: (condition: any Expression, target: Target)?
    let body: [any Statement]
    let otherwise: [any Statement]
    let isRecursive: Bool
    let scopes: (body: Int, otherwise: Int, test: Int)
    let line: Int

    init(
        target: Target, iterable: any Expression, test: (any Expression, Target)?, body: [any Statement],
        otherwise: [any Statement], isRecursive: Bool, scopes: (Int, Int, Int), line: Int
    ) {
        (self.target, self.iterable, self.body, self.otherwise) = (target, iterable, body, otherwise)
        self.test = test
        (self.isRecursive, self.scopes, self.line) = (isRecursive, scopes, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        target.forEachNode(visit)
        visit(iterable)
        body.forEach { visit($0) }
        otherwise.forEach { visit($0) }
        if let test { visit(test.condition) }
    }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        let iterable = try iterable.nestedValue(run)
        run.line = line
        // A `loop` object is iterable too, so loops over loops can nest without bound.
        _ = try run.checked(iterable)
        guard isRecursive else { return try visit(iterable, recursion: nil, run) }
        let recursion = LoopRecursion(self, in: run.activation)
        run.activation.keep(in: run)
        try run.write(try recursion.render(iterable, level: 0, run))
        return .next
    }

    /// Runs the body once per element.
    func visit(_ iterable: Value, recursion: (LoopRecursion, level: Int)?, _ run: Run) throws(TemplateError) -> Flow {
        let slot = run.layout.loopSlots[scopes.body]
        var source = try iterable.iterator(run)
        if let test { source = try tested(source, test.condition, test.target, run) }
        // With a test, the length is known only after iteration.
        let loop = slot == nil ? nil : Loop(test == nil ? iterable : nil, source, recursion, depth: iterable.depth)
        // As in jinja2, `else` runs unless the body completed at least once. `continue` does not count as completing.
        var isUnfinished = true
        while let element = try loop == nil ? source.next(run) : loop?.advance(run) {
            try run.spend(1)
            // Each iteration enters the scope anew, so assignments in the body do not persist.
            if let slot, let loop { run.activation.slots[slot] = .object(loop) }
            try target.assign(element, run)
            run.enter(scopes.body)
            let flow = try body.execute(run)
            run.line = line
            if flow == .break { break }
            if flow == .next { isUnfinished = false }
        }
        run.leave(scopes.body)
        if let slot { run.activation.slots[slot] = nil }
        guard isUnfinished, !otherwise.isEmpty else { return .next }
        run.enter(scopes.otherwise)
        defer { run.leave(scopes.otherwise) }
        return try otherwise.execute(run)
    }

    /// The elements that pass the test, evaluated lazily.
    private func tested(
        _ source: ValueIterator, _ condition: any Expression, _ target: Target, _ run: Run
    ) throws(TemplateError) -> ValueIterator {
        let function = run.layout.functionOfScope[scopes.test]
        run.activation.keep(in: run)
        let activation = try run.makeActivation(function, parent: run.activation)
        var isEntered = false
        return ClosureIterator { [scopes] (run) throws(TemplateError) in
            try run.inside(activation) { () throws(TemplateError) in
                if !isEntered { run.enter(scopes.test) }
                isEntered = true
                while let element = try source.next(run) {
                    try run.spend(1)
                    try target.assign(element, run)
                    if try condition.nestedValue(run).isTrue(run) { return element }
                }
                return nil
            }
        }
    }
}

/// A recursive loop as a function, called by `loop(…)` in its body.
final class LoopRecursion {
    private let loop: For
    private let parent: Activation

    init(_ loop: For, in parent: Activation) { (self.loop, self.parent) = (loop, parent) }

    func render(_ iterable: Value, level: Int, _ run: Run) throws(TemplateError) -> Text {
        try run.nested { () throws(TemplateError) in
            let activation = try run.makeActivation(run.layout.functionOfScope[loop.scopes.body], parent: parent)
            activation.keep(in: run)
            return try run.inside(activation) { () throws(TemplateError) in
                try run.captured { () throws(TemplateError) in
                    try loop.visit(iterable, recursion: (self, level), run)
                }.text
            }
        }
    }
}

/// The variable `loop` in the body of a loop.
final class Loop: Object, Clearable {
    private let iterable: Value?
    private var source: ValueIterator
    private let recursion: (function: LoopRecursion, level: Int)?
    private var index = -1
    private var knownLength: Int?
    private var current: Value?
    private var previous: Value?
    /// The element after the current one: nil until `peek` reads it, `.some(nil)` if there is none.
    private var following: Value??
    private var lastChanged: [Value]?

    init(_ iterable: Value?, _ source: ValueIterator, _ recursion: (LoopRecursion, level: Int)?, depth: Int) {
        (self.iterable, self.source, self.recursion) = (iterable, source, recursion)
        super.init(depth: depth + 1)
    }

    func advance(_ run: Run) throws(TemplateError) -> Value? {
        let element = if case .some(.some(let value)) = following { value } else { try source.next(run) }
        following = nil
        guard let element else { return nil }
        index += 1
        previous = current
        current = element
        return element
    }

    private func peek(_ run: Run) throws(TemplateError) -> Value? {
        if case .some(.some(let value)) = following { return value }
        let value = try source.next(run)
        following = .some(value)
        return value
    }

    override func length(_ run: Run) throws(TemplateError) -> Int? {
        if let knownLength { return knownLength }
        if let length = try iterable?.length(run) {
            knownLength = length
            return length
        }
        var rest: [Value] = []
        while let value = try source.next(run) {
            try run.spend(1)
            try run.charge(MemoryLayout<Value>.stride)
            rest.append(value)
        }
        source = ArrayIterator(rest)
        let isPeeked = if case .some(.some) = following { 1 } else { 0 }
        knownLength = rest.count + index + 1 + isPeeked
        return knownLength
    }

    override func attribute(_ name: Text, _ run: Run) throws(TemplateError) -> Value? {
        switch name {
        case "index": return .int(index + 1)
        case "index0": return .int(index)
        case "first": return .bool(index == 0)
        case "last": return .bool(try peek(run) == nil)
        case "length": return .int(try length(run) ?? 0)
        case "revindex": return .int((try length(run) ?? 0) - index)
        case "revindex0": return .int((try length(run) ?? 0) - index - 1)
        case "depth": return .int((recursion?.level ?? 0) + 1)
        case "depth0": return .int(recursion?.level ?? 0)
        case "previtem": return index == 0 ? Undefined.hint("there is no previous item") : previous
        case "nextitem": return try peek(run) ?? Undefined.hint("there is no next item")
        case "cycle":
            return .object(
                Method("cycle", of: .object(self)) { (owner, arguments, run) throws(TemplateError) in
                    try owner.loop(run).cycle(arguments, run)
                })
        case "changed":
            return .object(
                Method("changed", of: .object(self)) { (owner, arguments, run) throws(TemplateError) in
                    .bool(try owner.loop(run).hasChanged(arguments, run))
                })
        default: return nil
        }
    }

    func clear() { lastChanged = nil }

    private func cycle(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Value {
        guard arguments.named.isEmpty, !arguments.positional.isEmpty else {
            throw run.failure("loop.cycle() needs at least one value")
        }
        return arguments.positional[max(index, 0) % arguments.positional.count]
    }

    private func hasChanged(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Bool {
        guard arguments.named.isEmpty else { throw run.failure("loop.changed() takes no keyword arguments") }
        let values = arguments.positional
        if let lastChanged, try Value.tuple(lastChanged).equals(.tuple(values), run) { return false }
        // A remembered value can hold another loop, which remembers values too: a chain or a cycle.
        if lastChanged == nil { run.keep(self) }
        lastChanged = values
        return true
    }

    override var typeName: String { "LoopContext" }
    override var isCallable: Bool { true }

    override func call(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Value {
        let iterable = try arguments.bound(to: ["iterable"], required: 1, for: "loop", run)[0] ?? .none
        guard let recursion else { throw run.failure("only a loop marked 'recursive' can be called") }
        return .string(try recursion.function.render(iterable, level: recursion.level + 1, run))
    }

    override func iterator(_ run: Run) throws(TemplateError) -> ValueIterator? {
        ClosureIterator { [self] (run) throws(TemplateError) in
            try advance(run).map { .tuple([$0, .object(self)]) }
        }
    }

    override func representation(_ run: Run) throws(TemplateError) -> Text {
        Text("<LoopContext \(index + 1)/\(try length(run) ?? 0)>")
    }
}

extension Value {
    fileprivate func loop(_ run: Run) throws(TemplateError) -> Loop {
        guard case .object(let object) = self, let loop = object as? Loop else { throw run.failure("not a loop") }
        return loop
    }
}
