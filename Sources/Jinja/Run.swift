import Foundation

/// The state of one rendering: current position, output and remaining budget.
final class Run {
    /// Output of the innermost capturing block, or of the template.
    var output: [UInt8] = []
    /// The line being executed.
    var line = 1
    /// The slots of the current function: the template, a macro or a recursive loop.
    var activation: Activation
    let layout: Layout
    /// The caller's variables, in the order of `layout.globalNames`.
    let globals: [Value?]
    let now: Date

    private let limits: Limits
    private var stepsLeft: Int
    private var memoryLeft: Int
    private var capturedBytes = 0
    private var depth = 0
    private var kept: [any Clearable] = []

    init(_ layout: Layout, globals: [Value?], now: Date, limits: Limits) {
        self.layout = layout
        self.globals = globals
        self.now = now
        self.limits = limits
        stepsLeft = limits.steps
        memoryLeft = limits.memory
        activation = Activation(slotCount: layout.functions[0].slotCount, parent: nil)
        keep(activation)
    }

    func failure(_ problem: String) -> TemplateError { .failed(line: line, problem: problem) }

    /// Charges steps against the limit.
    func spend(_ steps: Int) throws(TemplateError) {
        stepsLeft -= steps
        guard stepsLeft >= 0 else {
            throw .limit(line: line, problem: "the template takes more than \(limits.steps) steps")
        }
    }

    /// Charges the bytes of a value to be created against the limit.
    func charge(_ bytes: Int) throws(TemplateError) {
        let (left, overflow) = memoryLeft.subtractingReportingOverflow(bytes)
        guard !overflow, left >= 0 else {
            throw .limit(line: line, problem: "the template's values take more than \(limits.memory) bytes")
        }
        memoryLeft = left
        try spend(bytes >> 5)
    }

    /// Charges for reading a whole text.
    func scan(_ text: Text) throws(TemplateError) { try spend(text.utf8.count >> 4) }

    /// Charges for the operand of a filter or test if it is a text.
    func scan(_ value: Value) throws(TemplateError) { if case .string(let text) = value { try scan(text) } }

    /// Runs `body` one level deeper.
    func nested<Result>(_ body: () throws(TemplateError) -> Result) throws(TemplateError) -> Result {
        try descend()
        defer { depth -= 1 }
        return try body()
    }

    func descend() throws(TemplateError) {
        guard depth < limits.depth else {
            throw .limit(line: line, problem: "expressions, blocks and calls nest deeper than \(limits.depth) levels")
        }
        depth += 1
    }

    func ascend() { depth -= 1 }

    /// Returns `value`, or throws if it nests too deeply.
    func checked(_ value: Value) throws(TemplateError) -> Value {
        guard value.depth <= limits.depth else {
            throw .limit(line: line, problem: "values nest deeper than \(limits.depth) levels")
        }
        return value
    }

    func make(_ list: [Value]) throws(TemplateError) -> Value {
        try charge(32 + list.count * MemoryLayout<Value>.stride)
        return try checked(.list(list))
    }

    func make(tuple: [Value]) throws(TemplateError) -> Value {
        try charge(32 + tuple.count * MemoryLayout<Value>.stride)
        return try checked(.tuple(tuple))
    }

    func make(_ text: Text) throws(TemplateError) -> Value {
        try charge(text.utf8.count + 32)
        return .string(text)
    }

    func write(_ text: Text) throws(TemplateError) {
        guard output.count + text.utf8.count <= limits.outputBytes else {
            throw .limit(line: line, problem: "the template writes more than \(limits.outputBytes) bytes")
        }
        output.append(contentsOf: text.utf8)
    }

    /// Returns the output of `body` instead of adding it to the rendering's.
    func captured(_ body: () throws(TemplateError) -> Flow) throws(TemplateError) -> (text: Text, flow: Flow) {
        let outer = output
        output = []
        defer { output = outer }
        let flow = try body()
        try charge(output.count + 32)
        return (Text(utf8: output), flow)
    }

    /// Registers an object that can be part of a reference cycle or of a long chain. `end()` clears it.
    func keep(_ object: any Clearable) { kept.append(object) }

    /// Breaks reference cycles and long chains, so that freeing them does not recurse.
    func end() {
        for object in kept { object.clear() }
    }
}

/// An object that can release all values it holds.
protocol Clearable: AnyObject {
    func clear()
}

/// The slots of one call of the template, a macro, a recursive loop or a loop's test.
final class Activation: Clearable {
    var slots: [Value?]
    /// The activation of the enclosing function.
    let parent: Activation?
    private var isKept = false

    init(slotCount: Int, parent: Activation?) {
        slots = Array(repeating: nil, count: slotCount)
        self.parent = parent
    }

    func clear() { slots = [] }

    /// Registers the activation with `run`: a macro holds it, and it may hold the macro.
    func keep(in run: Run) {
        guard !isKept else { return }
        isKept = true
        run.keep(self)
    }
}
