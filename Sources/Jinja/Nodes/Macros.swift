/// The parameters and body of a macro or a `{% call %}` block.
final class MacroBody: Node {
    /// nil for a call block.
    let name: String?
    let parameters: [Name]
    /// Default values of the last parameters.
    let defaults: [any Expression]
    let body: [any Statement]
    let scope: Int
    let line: Int

    init(
        _ name: String?, _ parameters: [Name], _ defaults: [any Expression], _ body: [any Statement], scope: Int,
        line: Int
    ) {
        (self.name, self.parameters, self.defaults) = (name, parameters, defaults)
        (self.body, self.scope, self.line) = (body, scope, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        parameters.forEach { visit($0) }
        defaults.forEach { visit($0) }
        body.forEach { visit($0) }
    }
}

/// `{% macro name(…) %} … {% endmacro %}`.
final class MacroDefinition: Statement {
    let target: Name
    let macro: MacroBody
    let line: Int

    init(_ target: Name, _ macro: MacroBody, line: Int) { (self.target, self.macro, self.line) = (target, macro, line) }

    func forEachChild(_ visit: (any Node) -> Void) { macro.forEachChild(visit) }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        run.line = line
        run[run.layout.addresses[target.id]] = .object(try Macro(macro, run))
        return .next
    }
}

/// `{% call name(…) %} … {% endcall %}`.
final class CallBlock: Statement {
    let call: Call
    let macro: MacroBody
    let line: Int

    init(_ call: Call, _ macro: MacroBody, line: Int) { (self.call, self.macro, self.line) = (call, macro, line) }

    func forEachChild(_ visit: (any Node) -> Void) {
        visit(call)
        macro.forEachChild(visit)
    }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        run.line = line
        let caller = try Macro(macro, run)
        try run.write(try call.value(run, caller: caller).printed(run))
        return .next
    }
}

/// `{% generation %} … {% endgeneration %}`, which marks the text that training learns from. transformers runs the body
/// as a function, so its assignments do not persist.
final class GenerationBlock: Statement {
    let macro: MacroBody
    let line: Int

    init(body: [any Statement], scope: Int, line: Int) {
        macro = MacroBody(nil, [], [], body, scope: scope, line: line)
        self.line = line
    }

    func forEachChild(_ visit: (any Node) -> Void) { macro.forEachChild(visit) }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        run.line = line
        try run.write(try Macro(macro, run).render(Arguments(), run))
        return .next
    }
}

/// A macro as a value.
final class Macro: Object {
    private let body: MacroBody
    private let layout: MacroLayout
    private let parent: Activation

    init(_ body: MacroBody, _ run: Run) throws(TemplateError) {
        self.body = body
        layout = run.layout.macros[body.scope] ?? MacroLayout()
        parent = run.activation
        super.init()
        try run.charge(64)
        parent.keep(in: run)
    }

    override var typeName: String { "Macro" }
    override var isCallable: Bool { true }

    override func representation(_ run: Run) throws(TemplateError) -> Text {
        Text("<Macro \(body.name.map { Text($0).pythonQuoted.string } ?? "anonymous")>")
    }

    override func attribute(_ name: Text, _ run: Run) throws(TemplateError) -> Value? {
        switch name {
        case "name": body.name.map { .string(Text($0)) } ?? Value.none
        case "arguments": .tuple(body.parameters.map { .string(Text($0.name)) })
        case "catch_kwargs": .bool(layout.namedSlot != nil)
        case "catch_varargs": .bool(layout.positionalSlot != nil)
        case "caller": .bool(layout.usesCaller)
        case "explicit_caller": .bool(hasCallerParameter)
        default: nil
        }
    }

    private var hasCallerParameter: Bool { body.parameters.contains { $0.name == "caller" } }

    override func call(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Value {
        .string(try render(arguments, run))
    }

    func render(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Text {
        let bound = try bind(arguments, run)
        return try run.nested { () throws(TemplateError) in
            let activation = try run.makeActivation(run.layout.functionOfScope[body.scope], parent: parent)
            return try run.inside(activation) { () throws(TemplateError) in
                try run.captured { () throws(TemplateError) in
                    run.enter(body.scope)
                    try set(bound, run)
                    return try body.body.execute(run)
                }.text
            }
        }
    }

    private struct Bound {
        var parameters: [Value?] = []
        var caller: Value?
        var named = Arguments()
        var positional: [Value] = []
    }

    /// Binds the arguments to parameters by jinja2's rules.
    private func bind(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Bound {
        var bound = Bound()
        let count = body.parameters.count
        bound.named.named = arguments.named
        for (index, parameter) in body.parameters.enumerated() {
            if index < arguments.positional.count {
                bound.parameters.append(arguments.positional[index])
            } else {
                bound.parameters.append(bound.named.take(Text(parameter.name)))
            }
        }
        let takesCaller = layout.usesCaller && !hasCallerParameter
        if takesCaller {
            let caller = bound.named.take("caller")
            bound.caller = caller.isAbsent ? Undefined.hint("no caller is defined") : caller
        }
        let name = body.name ?? "caller"
        if layout.namedSlot == nil, let extra = bound.named.named.first {
            throw run.failure("the macro '\(name)' takes no keyword argument '\(extra.name.string)'")
        }
        bound.positional = Array(arguments.positional.dropFirst(count))
        if layout.positionalSlot == nil, !bound.positional.isEmpty {
            throw run.failure("the macro '\(name)' takes at most \(count) arguments")
        }
        return bound
    }

    private func set(_ bound: Bound, _ run: Run) throws(TemplateError) {
        for (parameter, value) in zip(body.parameters, bound.parameters) {
            run[run.layout.addresses[parameter.id]] = value
        }
        if let slot = layout.callerSlot { run.activation.slots[slot] = bound.caller }
        if let slot = layout.namedSlot {
            let mapping = MappingValue()
            for (name, value) in bound.named.named { mapping.set(name, value) }
            run.activation.slots[slot] = try run.checked(.mapping(mapping))
        }
        if let slot = layout.positionalSlot { run.activation.slots[slot] = try run.make(tuple: bound.positional) }
        for (index, parameter) in body.parameters.enumerated() {
            let address = run.layout.addresses[parameter.id]
            guard run[address] == nil else { continue }
            let position = index - (body.parameters.count - body.defaults.count)
            if position >= 0 {
                run[address] = try body.defaults[position].nestedValue(run)
            } else {
                run[address] = Undefined.hint("parameter '\(parameter.name)' was not provided")
            }
        }
    }
}

extension Arguments {
    /// Removes a named argument.
    fileprivate mutating func take(_ name: Text) -> Value? {
        named.firstIndex { $0.name == name }.map { named.remove(at: $0).value }
    }
}
